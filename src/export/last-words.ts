// Whether the encoders have said all that they will ever say of an episode. Frames that were lost
// before the log, such as while its disk was full, are in no account: who waited for as many as the
// trainer has counted would wait for ever.
import { countEncoders, encoderNames } from '../protocol/encoder-names.ts'
import type { LogReader } from '../store/event-log.ts'

export class LastWords {
  readonly #reader: LogReader
  /** The end that all encoders have passed, and the event up to which they had spoken by then. */
  #passed: { readonly seq: number; readonly spokenSeq: number } | undefined

  constructor(reader: LogReader) {
    this.#reader = reader
  }

  /** True when all that is said of the events up to `seq` stands in the log up to `cursor`. */
  areSpoken(seq: number, cursor: number): boolean {
    if (this.#passed?.seq !== seq) {
      if (!this.#havePassed(seq)) return false
      // Positions and facts come in one transaction: asked in this order, no fact is missed.
      this.#passed = { seq, spokenSeq: this.#reader.durable().seq }
    }
    return this.#passed.spokenSeq <= cursor
  }

  #havePassed(seq: number): boolean {
    const count = countEncoders(this.#reader.layouts().all())
    return encoderNames(count).every(name => (this.#reader.position(name) ?? 0) >= seq)
  }
}
