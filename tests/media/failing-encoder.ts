// FFmpeg with an encoder that fails half-way.
import type { Codec, Frame } from 'node-av/lib'
import type { Ffmpeg } from '../../src/media/ffmpeg.ts'

/** As `ffmpeg`, but `codec` answers ENOMEM to picture `number` of every video. */
export function failingEncoder({ lib, constants }: Ffmpeg, codec: string, number: number): Ffmpeg {
  class FailingContext extends lib.CodecContext {
    #fails = false
    #sent = 0

    override allocContext3(own?: Codec | null): void {
      this.#fails = own?.name === codec
      super.allocContext3(own)
    }

    override sendFrameSync(frame: Frame | null): number {
      const isDue = frame !== null && this.#fails && this.#sent++ === number
      return isDue ? -12 : super.sendFrameSync(frame)
    }
  }
  return { lib: { ...lib, CodecContext: FailingContext }, constants }
}
