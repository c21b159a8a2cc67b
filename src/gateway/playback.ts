// Paced playback for one viewer (L12): finished episodes, a step every so often. At each episode's
// end it goes on with the newest finished one and counts what it skipped (L6), so it is never
// further behind than the episode that it is playing.
import { type Clock, nextDue } from '../base/clock.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { Mode } from '../protocol/viewer-protocol.ts'
import type { Lane } from './lane.ts'
import { endMessage, startMessage, stateMessage } from './messages.ts'
import type { FinishedEpisode } from './publication.ts'
import { SharedMessage } from './shared-message.ts'

const ACCOUNTED_BYTES = 1024
/** Steps in one turn of the event loop, for a viewer that drains faster than we send. */
const BURST_MAX = 256

export interface PlaybackOptions {
  readonly clock: Clock
  readonly lane: Lane
  readonly mode: () => Mode
  readonly newest: () => FinishedEpisode | undefined
}

export class Playback {
  /** Milliseconds a step; 0 is as fast as the viewer's socket drains. */
  stepMillis = 0
  readonly #options: PlaybackOptions
  #active = false
  #playing: FinishedEpisode | undefined
  #nextStep = 0
  #last: FinishedEpisode | undefined
  /** Meant episodes that have ended since one was begun. */
  #ended = 0
  #skipped = 0
  #due = 0
  #cancelTimer: (() => void) | undefined

  constructor(options: PlaybackOptions) {
    this.#options = options
  }

  /** Plays from the newest finished episode on; what went before is not counted as skipped. */
  start(): void {
    this.stop()
    this.#active = true
    this.#last = undefined
    this.pump()
  }

  stop(): void {
    this.#active = false
    this.#playing = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** An episode that is meant has ended. */
  noteEnded(): void {
    this.#ended++
    this.pump()
  }

  /** Goes on if it can; called when there is room, something new to play, or another pace. */
  pump(): void {
    const { clock, lane } = this.#options
    for (let sent = 0; this.#active && lane.roomy; sent++) {
      if (this.#playing === undefined && !this.#begin()) return
      const now = clock.monotonic()
      if (sent === BURST_MAX || this.#due > now) {
        this.#wakeIn(Math.max(0, this.#due - now))
        return
      }
      this.#advance(now)
    }
  }

  #begin(): boolean {
    const next = this.#options.newest()
    if (next === undefined || next === this.#last) return false
    if (this.#last !== undefined) this.#skipped += Math.max(0, this.#ended - 1)
    this.#ended = 0
    this.#last = next
    this.#playing = next
    this.#nextStep = 0
    this.#due = this.#options.clock.monotonic()
    const { row } = next.material
    const began = { ...row, time: row.startTime }
    this.#send(() => startMessage(this.#options.mode(), began, row.steps))
    return true
  }

  #advance(now: number): void {
    const { material, position } = this.#playing!
    const { row } = material
    const mode = this.#options.mode()
    const step = material.steps[this.#nextStep++]
    if (step === undefined) {
      this.#playing = undefined
      this.#send(() => endMessage(mode, row, this.#skipped))
      return
    }
    const { agent, episode, startTime } = row
    const time = startTime + step.offsetMillis
    this.#send(() => stateMessage(mode, { agent, episode, time, position, step }))
    this.#due = nextDue(this.#due, now, this.stepMillis)
  }

  // Viewers are rarely at the same step, so these messages are not shared.
  #send(build: () => ServerMessage): void {
    this.#options.lane.queue(SharedMessage.text('episodes', build, ACCOUNTED_BYTES))
  }

  #wakeIn(millis: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#options.clock.schedule(millis, () => {
      this.#cancelTimer = undefined
      this.pump()
    })
  }
}
