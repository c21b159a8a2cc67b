// The packets of one MP4 file, each with the number of the frame that it shows. Constant frame rate
// is checked while reading: everything behind this relies on frame k being at k/fps.
import type { CodecParameters, FormatContext, Packet, Stream } from 'node-av/lib'
import { RollcastError } from '../base/errors.ts'
import { check, type Ffmpeg, fileUrl } from './ffmpeg.ts'

/** An open video file. */
export class VideoReader {
  readonly path: string
  /** Frames a second: the container's average rate. */
  readonly fps: number
  /** Frames, as the file's index says. */
  readonly frames: number
  // Asked for once: each of these is a call into FFmpeg, and packets are many.
  readonly #index: number
  readonly #timeBase: { readonly num: number; readonly den: number }
  readonly #ffmpeg: Ffmpeg
  readonly #format: FormatContext
  readonly #stream: Stream

  /** NOT_FOUND, or VIDEO_CORRUPT for what is no whole file with one video stream. */
  constructor(ffmpeg: Ffmpeg, path: string) {
    const { lib, constants } = ffmpeg
    this.path = path
    this.#ffmpeg = ffmpeg
    this.#format = new lib.FormatContext()
    const opened = this.#format.openInputSync(fileUrl(path))
    check(ffmpeg, opened, `${path}: opening it as video`, 'VIDEO_CORRUPT')
    try {
      const found = this.#format.findStreamInfoSync(null)
      check(ffmpeg, found, `${path}: looking for video`, 'VIDEO_CORRUPT')
      const index = this.#format.findBestStream(constants.AVMEDIA_TYPE_VIDEO)
      check(ffmpeg, index, `${path}: looking for video`, 'VIDEO_CORRUPT')
      this.#stream = this.#format.streams[index]!
      const { num, den } = this.#stream.timeBase
      this.#index = index
      this.#timeBase = { num, den }
      this.fps = this.#stream.avgFrameRate.toDouble()
      this.frames = Number(this.#stream.nbFrames)
    } catch (error) {
      this.close()
      throw error
    }
  }

  get parameters(): CodecParameters {
    return this.#stream.codecpar
  }

  /** Ticks a second of the file's stamps. */
  get timescale(): number {
    return this.#timeBase.den
  }

  /** Ticks of all frames together. */
  get durationTicks(): number {
    return Number(this.#stream.duration)
  }

  /** True when there is anything beside the one video stream. */
  get hasOthers(): boolean {
    return this.#format.nbStreams > 1
  }

  /** The frame that a stamp stands for; not a whole number in a file of another rate. */
  frameAt(ticks: bigint): number {
    const { num, den } = this.#timeBase
    return (Number(ticks) * num * this.fps) / den
  }

  /** Goes to the key frame at or before `frame`. */
  seek(frame: number): void {
    const { num, den } = this.#timeBase
    const ticks = BigInt(Math.round((frame * den) / (num * this.fps)))
    const { AVSEEK_FLAG_BACKWARD } = this.#ffmpeg.constants
    const sought = this.#format.seekFrameSync(this.#index, ticks, AVSEEK_FLAG_BACKWARD)
    check(this.#ffmpeg, sought, `${this.path}: seeking frame ${frame}`, 'VIDEO_CORRUPT')
  }

  /** The packets from here on; each is valid until the next. VIDEO_CORRUPT where one is damaged. */
  *packets(): Generator<Packet, void, undefined> {
    const packet = new this.#ffmpeg.lib.Packet()
    packet.alloc()
    try {
      for (;;) {
        const read = this.#format.readFrameSync(packet)
        if (read === this.#ffmpeg.constants.AVERROR_EOF) return
        check(this.#ffmpeg, read, `${this.path}: reading a frame`, 'VIDEO_CORRUPT')
        if (packet.streamIndex === this.#index) yield packet
        packet.unref()
      }
    } finally {
      packet.free()
    }
  }

  /**
   * The packets with the frames that they show: one after the other, shown in the order in which
   * they are stored. VIDEO_CORRUPT in a file that is otherwise, or that ends too early.
   */
  *framePackets(): Generator<[frame: number, packet: Packet], void, undefined> {
    let due: number | undefined
    for (const packet of this.packets()) {
      const { pts, dts } = packet
      const frame = this.frameAt(pts)
      due ??= frame
      if (frame !== due || dts !== pts || due >= this.frames) {
        throw new RollcastError(
          'VIDEO_CORRUPT',
          `${this.path}: expected frame ${due} of ${this.frames} at a constant ${this.fps} fps, ` +
            `found one at ${frame} (pts ${pts}, dts ${dts})`,
        )
      }
      yield [due, packet]
      due++
    }
    if ((due ?? 0) === this.frames) return
    throw new RollcastError(
      'VIDEO_CORRUPT',
      `${this.path}: expected ${this.frames} frames, as its index says, found ${due ?? 0}`,
    )
  }

  close(): void {
    this.#format.closeInputSync()
  }
}
