// Video files as others make them, which nothing here would write.
import type { Ffmpeg } from '../../src/media/ffmpeg.ts'

export interface ForeignVideo {
  readonly bFrames?: number
  /** When frame `number` is shown, in units of 1/30 s. */
  pts?(number: number): number
}

/** An H.264 file of 12 frames of 64x64, not all of which need come at a constant rate. */
export function makeForeignVideo(ffmpeg: Ffmpeg, path: string, how: ForeignVideo): void {
  const { lib, constants } = ffmpeg
  const { bFrames = 0, pts = number => number } = how
  const rate = new lib.Rational(1, 30)
  const codec = lib.Codec.findEncoderByName('libx264' as never)
  const context = new lib.CodecContext()
  context.allocContext3(codec)
  Object.assign(context, { width: 64, height: 64, timeBase: rate, maxBFrames: bFrames })
  context.pixelFormat = constants.AV_PIX_FMT_YUV420P
  context.setFlags(constants.AV_CODEC_FLAG_GLOBAL_HEADER)
  lib.FFmpegError.throwIfError(context.open2Sync(codec, null))
  const format = new lib.FormatContext()
  lib.FFmpegError.throwIfError(format.allocOutputContext2(null, 'mp4', path))
  lib.FFmpegError.throwIfError(format.openOutputSync())
  const stream = format.newStream()
  stream.codecpar.fromContext(context)
  stream.timeBase = rate
  lib.FFmpegError.throwIfError(format.writeHeaderSync(null))
  const packet = new lib.Packet()
  packet.alloc()
  const drain = (): void => {
    while (context.receivePacketSync(packet) >= 0) {
      packet.rescaleTs(rate, stream.timeBase)
      lib.FFmpegError.throwIfError(format.interleavedWriteFrameSync(packet))
    }
  }
  const frame = new lib.Frame()
  frame.alloc()
  Object.assign(frame, { width: 64, height: 64, format: constants.AV_PIX_FMT_YUV420P })
  frame.getBuffer()
  for (let number = 0; number < 12; number++) {
    frame.makeWritable()
    for (const plane of frame.data ?? []) plane.fill(number * 20)
    frame.pts = BigInt(pts(number))
    context.sendFrameSync(frame)
    drain()
  }
  context.sendFrameSync(null)
  drain()
  format.writeTrailerSync()
  format.closeOutputSync()
  format.freeContext()
  packet.free()
  frame.free()
  context.freeContext()
}
