// One viewer's questions about the past, answered from the log at the pace of its socket: at most
// one listing and one episode at a time, a newer request takes the place of an older one, and every
// request is answered (with an error if need be). The log is asked for the newer one when it has
// answered the older or has not begun with it, so that a viewer that asks a hundred times at once takes
// no more of the questions that all viewers share than one that asks once. Who leaves takes its own back.
// An answer that waits for its viewer is memory, of which all viewers together have so much.
import { MIB } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import { materialBytes, rowsBytes } from '../protocol/answer-bytes.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { limits } from '../protocol/limits.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { RecordedFrame } from '../protocol/thread-messages.ts'
import type { Mode } from '../protocol/viewer-protocol.ts'
import { readFilter } from './filter.ts'
import type { Lane } from './lane.ts'
import {
  episodeMessage,
  episodesMessage,
  errorMessage,
  failureMessage,
  frameMessage,
} from './messages.ts'
import type { History } from './publication.ts'
import { SharedMessage } from './shared-message.ts'

/** Frames and bytes of pixels that answer one request; more are thinned out evenly. */
const FRAMES_MAX = 3000
const FRAME_BYTES_MAX = 64 * MIB
const ERROR_BYTES = 512

type Listing = Extract<ClientMessage, { type: 'list_episodes' }>

interface Turn {
  readonly request: number
  /** Tells that nobody waits for the answer any more, because of a newer one or for good. */
  readonly cancel: AbortController
  /** Settles, without fail, when it is answered or given up and the log owes it nothing. */
  over: Promise<void>
  /** Bytes of its answer that wait here. */
  heldBytes: number
}

type Answer = (turn: Turn) => Promise<void>

export interface RequestsOptions {
  readonly history: History
  readonly lane: Lane
  readonly mode: () => Mode
  readonly now: () => number
}

export class Requests {
  readonly #options: RequestsOptions
  readonly #turns = new Map<'episodes' | 'episode', Turn>()
  #waiting: (() => void)[] = []
  #closed = false

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  list({ request, limit = limits.episodePage, ...asked }: Listing): void {
    this.#start('episodes', request, async turn => {
      const { history, mode } = this.#options
      const where = readFilter(asked.where ?? null)?.predicate ?? null
      const [before, after] = [asked.before ?? null, asked.after ?? null]
      const { rows, next } = await history.episodes(
        { before, after, limit, where },
        turn.cancel.signal,
      )
      const bytes = rowsBytes(rows)
      this.#keep(turn, bytes)
      const build = () => episodesMessage(mode(), request, rows, next !== null, next)
      await this.#send(turn, SharedMessage.text(null, build, bytes), 0)
    })
  }

  get(request: number, episode: number): void {
    this.#start('episode', request, async turn => {
      const { history, mode } = this.#options
      const { signal } = turn.cancel
      const { material } = await history.episode(episode, signal)
      if (signal.aborted) return
      const first = material.frames === 0 ? undefined : await history.frames(episode, 0, signal)
      const plan = planFrames(material.frames, first?.frames ?? [])
      const build = () => episodeMessage(mode(), request, material, plan.count)
      const [bytes, chunkBytes] = [materialBytes(material), pixelBytes(first?.frames ?? [])]
      this.#keep(turn, bytes + chunkBytes)
      if (!(await this.#send(turn, SharedMessage.text(null, build, bytes), chunkBytes))) return
      if (first !== undefined) await this.#stream(turn, episode, plan, first)
    })
  }

  /** The socket has room again. */
  room(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** Answers nothing any more. */
  close(): void {
    this.#closed = true
    for (const turn of this.#turns.values()) this.#abort(turn)
    this.room()
  }

  #start(kind: 'episodes' | 'episode', request: number, answer: Answer): void {
    const older = this.#turns.get(kind)
    if (older !== undefined) void this.#cancel(older)
    const turn: Turn = {
      request,
      cancel: new AbortController(),
      over: Promise.resolve(),
      heldBytes: 0,
    }
    this.#turns.set(kind, turn)
    turn.over = this.#take(turn, older, answer).finally(() => {
      this.#hold(turn, 0)
      if (this.#turns.get(kind) === turn) this.#turns.delete(kind)
    })
  }

  async #take(turn: Turn, older: Turn | undefined, answer: Answer): Promise<void> {
    await older?.over
    if (turn.cancel.signal.aborted) return
    // The failure is told to whoever asked; there is nobody else to tell.
    await answer(turn).catch(error => this.#fail(turn, error))
  }

  async #stream(
    turn: Turn,
    episode: number,
    plan: FramePlan,
    first: Awaited<ReturnType<History['frames']>>,
  ): Promise<void> {
    const { history, mode, now } = this.#options
    let chunk = first
    let sent = 0
    for (let seen = 0; ; ) {
      for (const frame of chunk.frames) {
        if (sent === plan.count || seen++ % plan.stride !== 0) continue
        const build = () => frameMessage(mode(), frame, now(), turn.request, plan.count)
        const message = SharedMessage.frame(null, build, frame.pixels.byteLength)
        if (!(await this.#send(turn, message))) return
        sent++
      }
      if (sent === plan.count || chunk.next === null) break
      chunk = await history.frames(episode, chunk.next, turn.cancel.signal)
      if (turn.cancel.signal.aborted) return
      this.#keep(turn, pixelBytes(chunk.frames))
    }
    if (sent < plan.count) {
      const found = `expected ${plan.count} frames of episode ${episode}, found ${sent}`
      throw new RollcastError('NOT_FOUND', `${found}: the others were pruned meanwhile`)
    }
  }

  /** The turn's answer waits here, in place of what did; refused when too much waits for viewers. */
  #keep(turn: Turn, bytes: number): void {
    if (turn.cancel.signal.aborted) return
    this.#hold(turn, 0)
    if (!this.#options.lane.holding.backlog.admits(bytes)) {
      const message = 'too much waits for viewers that read slowly; ask again in a moment'
      throw new RollcastError('UNAVAILABLE', message, { temporary: true })
    }
    this.#hold(turn, bytes)
  }

  #abort(turn: Turn): void {
    turn.cancel.abort()
    this.#hold(turn, 0)
  }

  #hold(turn: Turn, bytes: number): void {
    this.#options.lane.holding.add(bytes - turn.heldBytes)
    turn.heldBytes = bytes
  }

  /**
   * Sends when there is room, after which so many bytes of the turn's answer still wait here; false when
   * the turn was cancelled meanwhile.
   */
  async #send(turn: Turn, message: SharedMessage, bytesLeft = turn.heldBytes): Promise<boolean> {
    const { lane } = this.#options
    const { signal } = turn.cancel
    while (!signal.aborted && !lane.roomy) await this.#room()
    if (signal.aborted) return false
    this.#hold(turn, bytesLeft)
    lane.queue(message)
    return true
  }

  async #fail(turn: Turn, error: unknown): Promise<void> {
    await this.#send(
      turn,
      this.#error(() => failureMessage(this.#options.mode(), turn.request, error)),
    )
  }

  /** Waits for room as an answer does: what is said to a viewer that is stalled is given up. */
  async #cancel(turn: Turn): Promise<void> {
    const { lane } = this.#options
    this.#abort(turn)
    while (!this.#closed && !lane.roomy) await this.#room()
    if (this.#closed) return
    const why = 'a newer request took its place'
    lane.queue(
      this.#error(() => errorMessage(this.#options.mode(), turn.request, 'CANCELLED', why)),
    )
  }

  #error(build: () => ServerMessage): SharedMessage {
    return SharedMessage.text(null, build, ERROR_BYTES)
  }

  #room(): Promise<void> {
    return new Promise<void>(resolve => this.#waiting.push(resolve))
  }
}

const pixelBytes = (frames: readonly Pick<RecordedFrame, 'pixels'>[]): number =>
  frames.reduce((sum, { pixels }) => sum + pixels.byteLength, 0)

interface FramePlan {
  readonly count: number
  /** Every how many frames one is sent. */
  readonly stride: number
}

function planFrames(total: number, sample: readonly RecordedFrame[]): FramePlan {
  if (total === 0 || sample.length === 0) return { count: 0, stride: 1 }
  const bytes = pixelBytes(sample) / sample.length
  const affordable = Math.max(1, Math.min(FRAMES_MAX, Math.floor(FRAME_BYTES_MAX / bytes)))
  const stride = Math.ceil(total / affordable)
  return { count: Math.ceil(total / stride), stride }
}
