// One video stream into one MP4 file: frame k is stamped exactly k/fps and lasts 1/fps, so the file's
// average rate is fps whatever it holds.
import type { CodecParameters, FormatContext, Packet, Stream } from 'node-av/lib'
import { check, type Ffmpeg, fileUrl } from './ffmpeg.ts'

export interface Mp4Options {
  readonly fps: number
  /** The index goes to the front, for players that read from the front. */
  readonly faststart: boolean
  /** Fills in what the file says about its stream. */
  describe(parameters: CodecParameters): number
}

/** An MP4 file being written. Durable is what its caller makes it. */
export class Mp4Writer {
  readonly #ffmpeg: Ffmpeg
  readonly #path: string
  readonly #fps: number
  readonly #format: FormatContext
  readonly #stream: Stream
  /** The container's, which is final when the file has been begun. */
  readonly #timeBase: Stream['timeBase']
  #frames = 0

  /** Creates the file. CANNOT_CREATE, DISK_FULL, or USAGE when MP4 cannot hold the codec. */
  constructor(ffmpeg: Ffmpeg, path: string, { fps, faststart, describe }: Mp4Options) {
    const { lib } = ffmpeg
    const url = fileUrl(path)
    this.#ffmpeg = ffmpeg
    this.#path = path
    this.#fps = fps
    this.#format = new lib.FormatContext()
    try {
      check(ffmpeg, this.#format.allocOutputContext2(null, 'mp4', url), path)
      check(ffmpeg, this.#format.openOutputSync(), `${path}: creating it`, 'CANNOT_CREATE')
      this.#stream = this.#format.newStream()
      check(ffmpeg, describe(this.#stream.codecpar), `${path}: describing its video`)
      // The tag of another container, or none: MP4 finds its own. And a rate that another file had,
      // by which the same frames would come out as other bytes.
      this.#stream.codecpar.codecTag = 0
      this.#stream.codecpar.bitRate = 0n
      this.#stream.timeBase = new lib.Rational(1, fps)
      this.#stream.avgFrameRate = new lib.Rational(fps, 1)
      const movflags = faststart ? lib.Dictionary.fromObject({ movflags: 'faststart' }) : null
      const begun = this.#format.writeHeaderSync(movflags)
      movflags?.free()
      check(ffmpeg, begun, `${path}: beginning an MP4 file of this codec`, 'USAGE')
      this.#timeBase = this.#stream.timeBase
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Frames written. */
  get frames(): number {
    return this.#frames
  }

  /** Writes the next frame. The packet's stamps are replaced. */
  write(packet: Packet): void {
    packet.streamIndex = 0
    const stamp = BigInt(this.#frames)
    packet.pts = stamp
    packet.dts = stamp
    packet.duration = 1n
    packet.rescaleTs({ num: 1, den: this.#fps }, this.#timeBase)
    const written = this.#format.interleavedWriteFrameSync(packet)
    check(this.#ffmpeg, written, `${this.#path}: writing frame ${this.#frames}`)
    this.#frames++
  }

  /** Writes the index. The file is whole then, and not yet flushed to the disk. */
  finish(): void {
    check(this.#ffmpeg, this.#format.writeTrailerSync(), `${this.#path}: writing its index`)
  }

  close(): void {
    this.#format.closeOutputSync()
    this.#format.freeContext()
  }
}
