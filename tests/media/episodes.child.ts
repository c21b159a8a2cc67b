// Worker threads that encode side by side, one camera each, as in a run. One of them throws in the
// middle, and nobody is hurt by it. Prints what each of them made.
import { isMainThread, parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { begin, type Given, make, shapeOf } from './make-segment.ts'
import { picture } from './pictures.ts'

interface Camera {
  readonly directory: string
  readonly name: string
  readonly given: Given
  readonly throws: boolean
}

const EPISODES = 6

function record({ directory, name, given, throws }: Camera): void {
  const ffmpeg = loadMedia()
  for (let episode = 0; episode < EPISODES; episode++) {
    const { frames } = make(ffmpeg, `${directory}/${name}-${episode}.mp4`, 9, given)
    parentPort?.postMessage(`${name}-${episode}: ${frames}`)
    if (!throws || episode < 2) continue
    const segment = begin(ffmpeg, `${directory}/${name}-thrown.mp4`, given)
    for (const number of [0, 1, 2]) segment.encode(picture(shapeOf(given), number))
    throw new Error('a programmer`s mistake')
  }
}

if (!isMainThread) record(workerData as Camera)
else {
  loadMedia()
  const directory = process.argv[2] ?? ''
  const cameras: Camera[] = [
    { directory, name: 'av1', given: { width: 96, height: 64, profile: 'lerobot' }, throws: false },
    { directory, name: 'odd', given: { width: 33, height: 17 }, throws: false },
    { directory, name: 'bad', given: { width: 64, height: 64, profile: 'lerobot' }, throws: true },
  ]
  for (const camera of cameras) {
    const file = new URL(import.meta.url)
    const worker = new Worker(file, { workerData: camera, env: SHARE_ENV })
    worker.on('message', line => console.log(line))
    worker.on('error', error => console.log(`${camera.name}: ${(error as Error).message}`))
  }
}
