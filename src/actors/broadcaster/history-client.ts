// Questions about the past, sent to the host and answered by its pool, which takes one after the
// other: all but that one wait here, and those of viewers that have left go away.
import type { Clock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import type { History } from '../../gateway/publication.ts'
import type { EpisodesPage, HistoryAnswer, HistoryQuery } from '../../protocol/thread-messages.ts'
import { failureOf, PendingAnswers } from './pending-answers.ts'

const PENDING_MAX = 32
const SENT_MAX = 1
const ANSWER_MILLIS_MAX = 30_000

type Question = HistoryQuery extends infer Q
  ? Q extends HistoryQuery
    ? Omit<Q, 'id'>
    : never
  : never

export class HistoryClient implements History {
  readonly #send: (query: HistoryQuery) => boolean
  readonly #pending: PendingAnswers<HistoryAnswer>

  /** `send` returns false when the query could not be sent. */
  constructor(clock: Clock, send: (query: HistoryQuery) => boolean) {
    this.#send = send
    const what = 'questions about the past'
    const bounds = { countMax: PENDING_MAX, sentMax: SENT_MAX, millisMax: ANSWER_MILLIS_MAX }
    this.#pending = new PendingAnswers({ clock, what, ...bounds })
  }

  episodes(page: EpisodesPage, signal?: AbortSignal) {
    return this.#ask<'episodes'>({ kind: 'episodes', ...page }, signal)
  }

  episode(episode: number, signal?: AbortSignal) {
    return this.#ask<'episode'>({ kind: 'episode', episode }, signal)
  }

  frames(episode: number, from: number, signal?: AbortSignal) {
    return this.#ask<'frames'>({ kind: 'frames', episode, from }, signal)
  }

  frame(seq: number) {
    return this.#ask<'frame'>({ kind: 'frame', seq }, undefined)
  }

  newest() {
    return this.#ask<'newest'>({ kind: 'newest' }, undefined)
  }

  /** Takes an answer of the host. */
  take(answer: HistoryAnswer): void {
    this.#pending.take(answer)
  }

  /** Fails everything that still waits. */
  close(): void {
    this.#pending.close()
  }

  async #ask<K extends HistoryQuery['kind']>(
    question: Question,
    signal: AbortSignal | undefined,
  ): Promise<Extract<HistoryAnswer, { kind: K }>> {
    const send = (id: number) => this.#send({ id, ...question } as HistoryQuery)
    const answer = await this.#pending.ask(send, signal)
    if (answer.kind === 'failed') throw failureOf(answer)
    if (answer.kind === question.kind) return answer as Extract<HistoryAnswer, { kind: K }>
    const message = `expected an answer about ${question.kind}, found one about ${answer.kind}`
    throw new RollcastError('INTERNAL', message)
  }
}
