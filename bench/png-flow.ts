// The flow that Rollcast replaces, as a peer: every frame is written as a PNG when it comes; at the
// episode's end all of them are read back and encoded, the result is appended to the video so far,
// and the PNGs are deleted. Encoding and appending is the ffmpeg command's, which is good at it.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ffmpeg } from '../src/media/ffmpeg.ts'
import type { PictureShape } from '../src/media/picture.ts'
import type { EncoderSetting } from '../src/media/profiles.ts'
import { StillEncoder } from '../src/media/still.ts'
import { encodingArguments, runFfmpeg } from './ffmpeg-command.ts'

export class PngFlow {
  readonly #dir: string
  readonly #setting: EncoderSetting
  readonly #fps: number
  readonly #stills: StillEncoder
  #frames = 0

  /** Its files are in `dir`. */
  constructor(
    ffmpeg: Ffmpeg,
    dir: string,
    { shape, setting, fps }: { shape: PictureShape; setting: EncoderSetting; fps: number },
  ) {
    this.#dir = dir
    this.#setting = setting
    this.#fps = fps
    this.#stills = new StillEncoder(ffmpeg, { ...shape, as: 'png' })
  }

  /** All episodes so far, one after the other. */
  get video(): string {
    return join(this.#dir, 'video.mp4')
  }

  get #pngs(): string {
    return join(this.#dir, 'pngs')
  }

  frame(pixels: Uint8Array): void {
    if (this.#frames === 0) mkdirSync(this.#pngs, { recursive: true })
    const name = `${String(this.#frames++).padStart(6, '0')}.png`
    writeFileSync(join(this.#pngs, name), this.#stills.encode(pixels))
  }

  /** Resolves when the episode is in the video. */
  async end(): Promise<void> {
    const [episode, joined, list] = ['episode.mp4', 'joined.mp4', 'list.txt'].map(name =>
      join(this.#dir, name),
    ) as [string, string, string]
    const pngs = ['-framerate', String(this.#fps), '-i', join(this.#pngs, '%06d.png')]
    await runFfmpeg([...pngs, ...encodingArguments(this.#setting), episode])
    if (existsSync(this.video)) {
      writeFileSync(list, `file '${this.video}'\nfile '${episode}'\n`)
      await runFfmpeg(['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', joined])
      renameSync(joined, this.video)
    } else renameSync(episode, this.video)
    rmSync(this.#pngs, { recursive: true })
    this.#frames = 0
  }

  close(): void {
    this.#stills.close()
  }
}
