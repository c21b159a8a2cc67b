// Videos without a codec: a file is a line of facts and a line for each picture. Joining appends the
// pictures, examining counts them; so the dataset's own work is tested where FFmpeg is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { RollcastError } from '../../../src/base/errors.ts'
import type { VideoTool } from '../../../src/export/lerobot/video.ts'
import type { VideoFacts } from '../../../src/media/examine-video.ts'

type Head = Pick<VideoFacts, 'width' | 'height' | 'codec' | 'pixelFormat' | 'fps'> & {
  /** Files of different makes cannot be joined. */
  readonly make: string
}

/** What the pictures of a file are: any texts. */
export function writeFakeVideo(
  path: string,
  head: Partial<Head> & { fps: number },
  pictures: readonly string[],
): void {
  const facts = { width: 8, height: 6, codec: 'h264', pixelFormat: 'yuv420p', make: 'a', ...head }
  writeFileSync(path, [JSON.stringify(facts), ...pictures, ''].join('\n'))
}

function parse(path: string): { head: Head; pictures: string[] } {
  const [head = '', ...pictures] = readFileSync(path, 'utf8').split('\n')
  if (pictures.pop() !== '') throw new Error(`${path} is cut off`)
  return { head: JSON.parse(head) as Head, pictures }
}

export const picturesOf = (path: string): string[] => parse(path).pictures

/** Pictures stand at 512 ticks each, and are key frames unless they begin with `delta`. */
export const fakeVideo: VideoTool = {
  concatenate: (parts, path) => {
    const all = parts.map(parse)
    const pictures = all.flatMap(part => part.pictures)
    const makes = new Set(all.map(part => part.head.make))
    if (makes.size > 1) throw new RollcastError('BAD_INPUT', 'parts of different makes')
    writeFakeVideo(path, all[0]!.head, pictures)
  },
  examineVideo: path => {
    const { head, pictures } = parse(path)
    const { make: _, ...facts } = head
    const pts = pictures.map((__, at) => at * 512)
    return {
      ...{ ...facts, frames: pictures.length, framesPromised: pictures.length, hasOthers: false },
      timescale: head.fps * 512,
      ...{ pts, dts: pts, durationTicks: pictures.length * 512 },
      keyFrames: pictures.flatMap((picture, at) => (picture.startsWith('delta') ? [] : at)),
    }
  },
}
