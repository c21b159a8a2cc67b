// Questions about the past, sent to the host and answered by its pool. Bounded in number and in
// time: every question ends with an answer or an error.
import type { Clock } from '../../base/clock.ts'
import { type ErrorCode, errorExitCodes, RollcastError } from '../../base/errors.ts'
import type { History } from '../../gateway/publication.ts'
import type { HistoryAnswer, HistoryQuery } from '../../protocol/thread-messages.ts'

const PENDING_MAX = 32
const ANSWER_MILLIS_MAX = 30_000

type Question = HistoryQuery extends infer Q
  ? Q extends HistoryQuery
    ? Omit<Q, 'id'>
    : never
  : never

interface Pending {
  readonly kind: HistoryQuery['kind']
  readonly resolve: (answer: HistoryAnswer) => void
  readonly reject: (error: RollcastError) => void
  readonly cancelTimer: () => void
}

export class HistoryClient implements History {
  readonly #clock: Clock
  readonly #send: (query: HistoryQuery) => boolean
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  /** `send` returns false when the query could not be sent. */
  constructor(clock: Clock, send: (query: HistoryQuery) => boolean) {
    this.#clock = clock
    this.#send = send
  }

  episodes(before: number | null, limit: number) {
    return this.#ask<'episodes'>({ kind: 'episodes', before, limit })
  }

  episode(episode: number) {
    return this.#ask<'episode'>({ kind: 'episode', episode })
  }

  frames(episode: number, from: number) {
    return this.#ask<'frames'>({ kind: 'frames', episode, from })
  }

  /** Takes an answer of the host; one that comes too late is passed over. */
  take(answer: HistoryAnswer): void {
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    pending.cancelTimer()
    if (answer.kind === pending.kind) pending.resolve(answer)
    else if (answer.kind === 'failed') {
      const code = answer.code in errorExitCodes ? (answer.code as ErrorCode) : 'INTERNAL'
      pending.reject(new RollcastError(code, answer.message))
    } else {
      const message = `expected an answer about ${pending.kind}, found one about ${answer.kind}`
      pending.reject(new RollcastError('INTERNAL', message))
    }
  }

  /** Fails everything that still waits. */
  close(): void {
    for (const { reject, cancelTimer } of this.#pending.values()) {
      cancelTimer()
      reject(new RollcastError('CLOSED', 'the broadcaster stops'))
    }
    this.#pending.clear()
  }

  #ask<K extends HistoryQuery['kind']>(
    question: Question,
  ): Promise<Extract<HistoryAnswer, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      if (this.#pending.size >= PENDING_MAX || !this.#send({ id, ...question } as HistoryQuery)) {
        const message = 'too many questions about the past at once; ask again in a moment'
        reject(new RollcastError('UNAVAILABLE', message, { temporary: true }))
        return
      }
      const cancelTimer = this.#clock.schedule(ANSWER_MILLIS_MAX, () => {
        this.#pending.delete(id)
        reject(new RollcastError('TIMEOUT', `no answer from the log in ${ANSWER_MILLIS_MAX} ms`))
      })
      this.#pending.set(id, {
        kind: question.kind,
        resolve: resolve as (answer: HistoryAnswer) => void,
        reject,
        cancelTimer,
      })
    })
  }
}
