// What was asked of the host and waits for its answer. Bounded in number and in time: everything
// that is asked ends with an answer or an error.
import type { Clock } from '../../base/clock.ts'
import { type ErrorCode, errorExitCodes, RollcastError } from '../../base/errors.ts'

export interface PendingOptions {
  readonly clock: Clock
  /** For messages: `questions about the past`. */
  readonly what: string
  readonly countMax: number
  readonly millisMax: number
}

interface Pending<A> {
  readonly resolve: (answer: A) => void
  readonly reject: (error: RollcastError) => void
  readonly cancelTimer: () => void
}

export class PendingAnswers<A extends { readonly id: number }> {
  readonly #options: PendingOptions
  readonly #pending = new Map<number, Pending<A>>()
  #lastId = 0

  constructor(options: PendingOptions) {
    this.#options = options
  }

  /**
   * Sends by `send`, which returns false when it could not. Rejects with UNAVAILABLE when too much is
   * asked already, with TIMEOUT when no answer comes, with CLOSED after `close`.
   */
  ask(send: (id: number) => boolean): Promise<A> {
    const { clock, what, countMax, millisMax } = this.#options
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      if (this.#pending.size >= countMax || !send(id)) {
        const message = `too many ${what} at once; ask again in a moment`
        reject(new RollcastError('UNAVAILABLE', message, { temporary: true }))
        return
      }
      const cancelTimer = clock.schedule(millisMax, () => {
        this.#pending.delete(id)
        reject(new RollcastError('TIMEOUT', `${what}: no answer in ${millisMax} ms`))
      })
      this.#pending.set(id, { resolve, reject, cancelTimer })
    })
  }

  /** Takes an answer of the host; one that comes too late is passed over. */
  take(answer: A): void {
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    pending.cancelTimer()
    pending.resolve(answer)
  }

  /** Fails everything that still waits. */
  close(): void {
    for (const { reject, cancelTimer } of this.#pending.values()) {
      cancelTimer()
      reject(new RollcastError('CLOSED', 'the broadcaster stops'))
    }
    this.#pending.clear()
  }
}

/** The error that an answer tells of. */
export function failureOf({ code, message }: { code: string; message: string }): RollcastError {
  return new RollcastError(code in errorExitCodes ? (code as ErrorCode) : 'INTERNAL', message)
}
