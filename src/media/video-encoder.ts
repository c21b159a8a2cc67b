// Pictures in, packets out, as many and in the same order: packet k shows picture k, is stamped k in
// units of 1/fps, and can be shown when it comes (no B-frames). An encoder that does otherwise is
// refused, because nothing behind it would notice.
import type { Codec, CodecContext, Packet } from 'node-av/lib'
import { RollcastError } from '../base/errors.ts'
import { codecTurn } from './codec-turn.ts'
import { choosePixelFormat, findEncoder, setOptions } from './encoders.ts'
import { check, type Ffmpeg } from './ffmpeg.ts'
import { giveUpRealTime } from './ordinary-priority.ts'
import type { PictureShape } from './picture.ts'
import { PictureConverter } from './picture-converter.ts'
import type { EncoderSetting } from './profiles.ts'

/** Faults that a test plans. */
export interface EncoderFaults {
  /** What the codec answers to picture `index` (from 0); below 0 instead of taking it. */
  send?(index: number): number
}

export interface EncoderOptions extends PictureShape {
  /** Pictures a second, a whole number. */
  readonly fps: number
  readonly setting: EncoderSetting
  readonly faults?: EncoderFaults
}

/** Those of this thread that are open. */
const encoders = new Set<VideoEncoder>()

/** A thread that ends in the middle of its videos leaves no encoder to be freed out of turn. */
function closeAll(): void {
  for (const encoder of encoders) encoder.close()
}

/** One stream being encoded. */
export class VideoEncoder {
  readonly #ffmpeg: Ffmpeg
  readonly #codec: Codec
  /** FFmpeg's name of it; asking FFmpeg for it costs as much as a packet does. */
  readonly #name: string
  readonly #context: CodecContext
  readonly #converter: PictureConverter
  readonly #packet: Packet
  readonly #take: (packet: Packet) => void
  readonly #faults: EncoderFaults
  #sent = 0
  #received = 0

  /** Every packet goes to `take`, which does not keep it. USAGE for a setting that cannot be. */
  constructor(ffmpeg: Ffmpeg, options: EncoderOptions, take: (packet: Packet) => void) {
    this.#ffmpeg = ffmpeg
    this.#codec = findEncoder(ffmpeg, options.setting.codec)
    this.#name = options.setting.codec
    this.#take = take
    this.#faults = options.faults ?? {}
    this.#context = new ffmpeg.lib.CodecContext()
    try {
      this.#open(options)
      this.#converter = new PictureConverter(ffmpeg, options, this.#context.pixelFormat)
    } catch (error) {
      this.#free()
      throw error
    }
    this.#packet = new ffmpeg.lib.Packet()
    this.#packet.alloc()
    if (encoders.size === 0) process.on('exit', closeAll)
    encoders.add(this)
  }

  #open({ width, height, fps, setting }: EncoderOptions): void {
    const ffmpeg = this.#ffmpeg
    const { lib, constants } = ffmpeg
    const context = this.#context
    const format = choosePixelFormat(ffmpeg, this.#codec, setting.pixelFormat)
    context.allocContext3(this.#codec)
    context.width = width
    context.height = height
    context.pixelFormat = format
    context.timeBase = new lib.Rational(1, fps)
    context.framerate = new lib.Rational(fps, 1)
    setOptions(ffmpeg, context, this.#codec, setting.options)
    context.setFlags(constants.AV_CODEC_FLAG_GLOBAL_HEADER)
    const text =
      `video: opening ${setting.codec} for ${width}x${height} ` +
      `${lib.avGetPixFmtName(format)} at ${fps} fps with ${JSON.stringify(setting.options)}`
    if (setting.codec === 'libsvtav1') giveUpRealTime()
    const opened = codecTurn.take(() => context.open2Sync(this.#codec, null))
    check(ffmpeg, opened, text, 'USAGE')
  }

  /** What a file says about the stream. */
  get context(): CodecContext {
    return this.#context
  }

  /** FFmpeg's name, such as `yuv420p`. */
  get pixelFormat(): string {
    return this.#ffmpeg.lib.avGetPixFmtName(this.#context.pixelFormat) ?? ''
  }

  /** Pictures that went in. */
  get sent(): number {
    return this.#sent
  }

  /** Encodes the next picture. BAD_FRAME for a wrong size, which changes nothing. */
  send(pixels: Uint8Array): void {
    const frame = this.#converter.frame(pixels, this.#sent)
    const planned = this.#faults.send?.(this.#sent) ?? 0
    const sent = planned < 0 ? planned : this.#context.sendFrameSync(frame)
    check(this.#ffmpeg, sent, `video: ${this.#name}, picture ${this.#sent}`)
    this.#sent++
    this.#receive()
  }

  /** Takes out what the encoder still holds; nothing can be sent after it. */
  flush(): void {
    check(this.#ffmpeg, this.#context.sendFrameSync(null), `video: flushing ${this.#name}`)
    this.#receive()
    if (this.#received === this.#sent) return
    throw new RollcastError(
      'VIDEO_FAILED',
      `video: ${this.#name} took ${this.#sent} pictures and gave ${this.#received} back`,
    )
  }

  #receive(): void {
    const { AVERROR_EAGAIN, AVERROR_EOF } = this.#ffmpeg.constants
    for (;;) {
      const result = this.#context.receivePacketSync(this.#packet)
      if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return
      check(this.#ffmpeg, result, `video: ${this.#name}, packet ${this.#received}`)
      this.#checkOrder()
      this.#received++
      this.#take(this.#packet)
      this.#packet.unref()
    }
  }

  #checkOrder(): void {
    const { pts, dts, isKeyframe } = this.#packet
    const due = BigInt(this.#received)
    if (pts === due && dts === due && (due > 0n || isKeyframe)) return
    throw new RollcastError(
      'VIDEO_FAILED',
      `video: expected packet ${due} of ${this.#name} to show picture ${due} and the first ` +
        `to be a key frame, found pts ${pts}, dts ${dts}${isKeyframe ? ', key frame' : ''}; ` +
        'an encoder that reorders pictures (until told bf: 0) or leaves some out cannot be used',
    )
  }

  /** Takes as long as what the encoder still holds: SVT-AV1 may not be left in the middle. */
  close(): void {
    encoders.delete(this)
    if (encoders.size === 0) process.off('exit', closeAll)
    this.#context.sendFrameSync(null)
    while (this.#context.receivePacketSync(this.#packet) >= 0) this.#packet.unref()
    this.#packet.free()
    this.#converter.close()
    this.#free()
  }

  #free(): void {
    codecTurn.take(() => this.#context.freeContext())
  }
}
