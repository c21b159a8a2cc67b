// What was asked of the host and waits for its answer. Bounded in number and in time: everything
// that is asked ends with an answer or an error. So many are with the host at once; the others wait
// here, in order, where whoever has asked can still take them back.
import type { Clock } from '../../base/clock.ts'
import { type ErrorCode, errorExitCodes, RollcastError } from '../../base/errors.ts'

export interface PendingOptions {
  readonly clock: Clock
  /** For messages: `questions about the past`. */
  readonly what: string
  /** With the host and here together. */
  readonly countMax: number
  /** With the host. */
  readonly sentMax: number
  /** From the asking to the answer. */
  readonly millisMax: number
}

interface Pending<A> {
  readonly send: (id: number) => boolean
  readonly resolve: (answer: A) => void
  readonly reject: (error: RollcastError) => void
}

export class PendingAnswers<A extends { readonly id: number }> {
  readonly #options: PendingOptions
  /** In the order in which they were asked. */
  readonly #waiting = new Map<number, Pending<A>>()
  readonly #sent = new Map<number, Pending<A>>()
  #lastId = 0

  constructor(options: PendingOptions) {
    this.#options = options
  }

  /**
   * Sends by `send`, which returns false when it could not. Rejects with UNAVAILABLE when too much is
   * asked already, with TIMEOUT when no answer comes, with CLOSED after `close` or when `signal` takes
   * it back before it was sent; once it was, its answer is waited for.
   */
  ask(send: (id: number) => boolean, signal?: AbortSignal): Promise<A> {
    const { clock, what, countMax, millisMax } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<A>()
    if (signal?.aborted) reject(takenBack())
    else if (this.#waiting.size + this.#sent.size >= countMax) reject(this.#tooMany())
    else {
      const id = ++this.#lastId
      const takeBack = (): void => {
        if (this.#waiting.delete(id)) end(() => reject(takenBack()))
      }
      const cancelTimer = clock.schedule(millisMax, () => {
        this.#forget(id)?.reject(
          new RollcastError('TIMEOUT', `${what}: no answer in ${millisMax} ms`),
        )
      })
      const end = (settle: () => void): void => {
        cancelTimer()
        signal?.removeEventListener('abort', takeBack)
        settle()
      }
      signal?.addEventListener('abort', takeBack)
      this.#waiting.set(id, {
        send,
        resolve: answer => end(() => resolve(answer)),
        reject: error => end(() => reject(error)),
      })
      this.#sendNext()
    }
    return promise
  }

  /** Takes an answer of the host; one that comes too late is passed over. */
  take(answer: A): void {
    this.#forget(answer.id)?.resolve(answer)
  }

  /** Fails everything that still waits. */
  close(): void {
    const all = [...this.#sent.values(), ...this.#waiting.values()]
    this.#sent.clear()
    this.#waiting.clear()
    for (const { reject } of all) reject(new RollcastError('CLOSED', 'the broadcaster stops'))
  }

  #sendNext(): void {
    for (const [id, pending] of this.#waiting) {
      if (this.#sent.size >= this.#options.sentMax) return
      this.#waiting.delete(id)
      if (pending.send(id)) this.#sent.set(id, pending)
      else pending.reject(this.#tooMany())
    }
  }

  #forget(id: number): Pending<A> | undefined {
    const pending = this.#sent.get(id) ?? this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#sent.delete(id)) this.#sendNext()
    return pending
  }

  #tooMany(): RollcastError {
    const message = `too many ${this.#options.what} at once; ask again in a moment`
    return new RollcastError('UNAVAILABLE', message, { temporary: true })
  }
}

const takenBack = () => new RollcastError('CLOSED', 'nobody waits for the answer any more')

/** The error that an answer tells of. */
export function failureOf({ code, message }: { code: string; message: string }): RollcastError {
  return new RollcastError(code in errorExitCodes ? (code as ErrorCode) : 'INTERNAL', message)
}
