// The loop that empties the ring: how often it is looked at, how much is taken out at a time, and that
// a record over which recorders die is found and passed over. What is taken goes to `onTaken`.
import { KIB, MIB } from '../../base/bytes.ts'
import { pause } from '../../base/clock.ts'
import type { RingReader } from '../../streams/ring/reader.ts'
import type { ActorScope } from '../run-actor.ts'
import type { RecorderConfig } from './contract.ts'
import { type Intake, type IntakeBuffer, quarantinedRecord } from './logic.ts'

/** While the trainer is busy the ring is looked at this often: nobody needs to be woken. */
const POLL_MILLIS = 10
/** The same while somebody watches, or so much comes that it must not pile up. */
const CLOSE_POLL_MILLIS = 2
const CLOSE_POLL_BYTES = 128 * KIB
/** After so long without an event the recorder sleeps until it is woken. */
const IDLE_MILLIS = 20
/** A sleep ends after so long, should a wake-up be lost. */
const WAIT_MILLIS = 250
/** Bytes taken out of the ring before what was taken is appended. */
const INTAKE_BYTES_MAX = 1 * MIB

export interface IntakeLoopOptions {
  readonly scope: ActorScope<RecorderConfig>
  readonly ring: RingReader
  readonly intake: IntakeBuffer
  /** Resolves at the ring's next record, at its producer's end, or after `timeoutMillis`. */
  readonly waitForData: (ring: RingReader, timeoutMillis: number) => Promise<unknown>
  /** Whether anybody sees what is taken in. */
  readonly isWatched: () => boolean
  /** Told of all that was taken out, up to this position of the ring. */
  readonly onTaken: (intake: Intake, position: number) => void
  /** Called before each sleep. */
  readonly onIdle: () => void
}

export class IntakeLoop {
  readonly #options: IntakeLoopOptions
  #running = false
  #loop: Promise<void> = Promise.resolve()

  constructor(options: IntakeLoopOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = true
    this.#loop = this.#empty()
    void this.#loop.catch(this.#options.scope.fail)
  }

  /** Resolves when nothing more is taken out. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#loop.catch(() => undefined)
  }

  async #empty(): Promise<void> {
    const { scope, ring, waitForData, onIdle } = this.#options
    const { clock } = scope
    let idleSince = clock.monotonic()
    while (this.#running) {
      const took = this.#takeIn()
      const now = clock.monotonic()
      if (took > 0) idleSince = now
      if (took >= INTAKE_BYTES_MAX) await clock.turn()
      else if (now - idleSince < IDLE_MILLIS) await pause(clock, this.#pollMillis(took))
      else {
        onIdle()
        if (ring.producerClosed) await pause(clock, CLOSE_POLL_MILLIS)
        else await waitForData(ring, WAIT_MILLIS)
      }
    }
  }

  /**
   * Each look costs the trainer's machine a wake-up, or three with those who are told of it. A trainer
   * that closes waits for what it has said last.
   */
  #pollMillis(took: number): number {
    const { isWatched, ring } = this.#options
    const isClose = took >= CLOSE_POLL_BYTES || isWatched() || ring.producerClosed
    return isClose ? CLOSE_POLL_MILLIS : POLL_MILLIS
  }

  /** Takes in what the ring holds, within bounds; returns how many bytes. */
  #takeIn(): number {
    const { scope, ring, intake, onTaken } = this.#options
    const from = ring.position
    // Where the last recorder died, one record at a time: the next death tells which it is.
    const suspects = from < (scope.suspect?.to ?? 0)
    const bytesMax = suspects ? 1 : INTAKE_BYTES_MAX
    while (intake.bytes < bytesMax) {
      const place = ring.position
      if (!ring.read()) break
      const why = scope.handling(place, ring.position)
      if (why) intake.addRecord(quarantinedRecord(why, scope.clock.now()))
      else intake.add(ring.bytes, ring.tag, ring.byteOffset, ring.lengthBytes)
    }
    const { bytes, count } = intake
    if (count === 0) return 0
    // One that was cut off and wakes up finds the next one's ring.
    ring.checkOwner()
    scope.handling(from, ring.position)
    onTaken(intake.take(), ring.position)
    scope.handled()
    return bytes
  }
}
