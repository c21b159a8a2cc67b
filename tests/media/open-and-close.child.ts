// Three threads that open and close SVT-AV1 again and again, as cameras do whose episodes are short,
// beside threads that begin a video and throw in the middle of it. Prints what each of them made.
// `open-and-close.child.ts DIRECTORY VIDEOS DEATHS`
import { isMainThread, parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { begin, make, shapeOf } from './make-segment.ts'
import { picture } from './pictures.ts'

const given = { width: 64, height: 64, profile: 'lerobot' } as const

/** A camera of `videos` videos; with none it throws in the middle of its first. */
interface Camera {
  readonly path: string
  readonly videos: number
}

function record({ path, videos }: Camera): void {
  const ffmpeg = loadMedia()
  for (let video = 0; video < videos; video++) make(ffmpeg, path, 1, given)
  parentPort?.postMessage(`${videos} videos`)
  if (videos > 0) return
  begin(ffmpeg, path, given).encode(picture(shapeOf(given), 0))
  throw new Error('a programmer`s mistake')
}

function start(camera: Camera): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: camera, env: SHARE_ENV })
  worker.on('message', line => console.log(line))
  return worker
}

function die(path: string, deaths: number): void {
  if (deaths === 0) return
  start({ path, videos: 0 }).on('error', error => {
    console.log(error.message)
    die(path, deaths - 1)
  })
}

if (!isMainThread) record(workerData as Camera)
else {
  loadMedia()
  const [directory = '', videos, deaths] = process.argv.slice(2)
  for (const name of ['a', 'b', 'c']) {
    start({ path: `${directory}/${name}.mp4`, videos: Number(videos) })
  }
  die(`${directory}/d.mp4`, Number(deaths))
}
