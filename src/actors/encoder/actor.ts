// The encoder: a lossless cursor on the log that is handed every frame, however late. It checks
// each frame against its event and closes an account per episode and camera. Its cursor, its open
// accounts and its facts are committed together, so that a restart misses and repeats nothing.
import { crc32 } from '../../base/checksum.ts'
import { encoderMachine } from '../../machines/encoder.machine.ts'
import { encodeEvent, packValue, unpackValue } from '../../protocol/codec.ts'
import type { Envelope, FramesCounted } from '../../protocol/events.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { DurableNotice, FactBatch } from '../../protocol/thread-messages.ts'
import type { LogReader } from '../../store/event-log.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'
import { FactLine } from '../fact-line.ts'
import { LogFollower } from '../log-follower.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import { accountedTypes, closeBy, countFrame, type EncoderState, encoderVersion } from './logic.ts'

export interface EncoderConfig {
  readonly runDir: string
  /** How to open the log: a process that writes it must not open its file a second time. */
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  /** Events behind the log's end above which the encoder says that it lags. */
  readonly lagWarning: number
}

const PRODUCER = 'encoder'
/** The cursor is committed at the end of an episode, and otherwise at least this often. */
const COMMIT_MILLIS = 1_000

/** As `encoder`, with another way to the log. */
export const encoderOver = (openReader: OpenReader): ActorDefinition<EncoderConfig> => ({
  machine: encoderMachine,
  create: scope => new Encoder(scope, openReader(scope.config.runDir, scope.config.reader)),
})

export const encoder = encoderOver(openLogReader)

class Encoder implements ActorInstance {
  readonly #scope: ActorScope<EncoderConfig>
  readonly #reader: LogReader
  #accounts: EncoderState = []
  #follower: LogFollower | undefined
  #facts: FactLine | undefined
  #committedAt = 0
  #drainSeq = 0
  #cursor = 0
  /** Events up to here have had their facts made by an earlier life. */
  #decidedSeq = 0
  #standing: 'caughtUp' | 'fellBehind' | 'lagRose' = 'fellBehind'
  #owed = 0
  #intact = 0

  constructor(scope: ActorScope<EncoderConfig>, reader: LogReader) {
    this.#scope = scope
    this.#reader = reader
  }

  readonly commands = {
    recover: () => this.#recover(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#follower?.lag ?? 0
  }

  /** Frames of closed accounts since the actor started. */
  heartbeat(): { framesOwed: number; framesIntact: number } {
    return { framesOwed: this.#owed, framesIntact: this.#intact }
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  async #recover(): Promise<undefined> {
    const channel = { sizeOf: FactLine.sizeOf, redeliver: true }
    const sender = this.#scope.sender<FactBatch>('encoder.facts', channel)
    this.#facts = new FactLine(sender, PRODUCER)
    this.#decidedSeq = await this.#facts.open(() => this.#reader.position(PRODUCER))
    const snapshot = unlessDamaged(() => this.#reader.snapshot(PRODUCER))
    if (snapshot?.version !== encoderVersion) return undefined
    this.#accounts = unpackValue(snapshot.bytes) as EncoderState
    this.#cursor = snapshot.position
    return undefined
  }

  #run(): undefined {
    this.#follower = new LogFollower(this.#reader, this.#scope.clock, this.#cursor, {
      types: accountedTypes,
      hand: this.#scope,
      onEvent: envelope => this.#take(envelope),
      onPoison: (envelope, why) => this.#passOver(envelope, why),
      onSlice: seq => this.#commit(seq),
    })
    this.#scope.receive<DurableNotice>('encoder.durable', notice => {
      this.#follower?.advanceTo(notice.seq)
      this.#tellStanding()
    })
    // Who comes back may be told of nothing for a long time.
    this.#follower.advanceTo(this.#reader.durable().seq)
    void this.#follower.run().catch(this.#scope.fail)
    return undefined
  }

  #take(envelope: Envelope): void {
    const { event } = envelope
    if (event.type === 'frame_captured') {
      const pixels = unlessDamaged(() => this.#reader.frame(envelope.seq))
      const found = pixels && { byteLength: pixels.byteLength, crc: crc32(pixels) }
      this.#conclude(envelope, countFrame(this.#accounts, event, found))
    } else this.#conclude(envelope, closeBy(this.#accounts, envelope))
  }

  /** Hands in the accounts that `envelope` has closed. */
  #conclude({ seq, time }: Envelope, closed: readonly FramesCounted[]): void {
    for (const account of closed) {
      this.#owed += account.owed
      this.#intact += account.intact
      if (seq > this.#decidedSeq) this.#facts?.add(encodeEvent(account, time))
    }
  }

  /** A frame that cannot be looked at is owed and missed. */
  #passOver(envelope: Envelope, why: Quarantined): void {
    const { event, seq } = envelope
    if (event.type === 'frame_captured') {
      this.#conclude(envelope, countFrame(this.#accounts, event, undefined))
    }
    if (seq > this.#decidedSeq) this.#facts?.addQuarantined(PRODUCER, envelope, why)
  }

  async #commit(cursor: number): Promise<void> {
    this.#tellStanding()
    if (cursor <= this.#decidedSeq) return
    const now = this.#scope.clock.monotonic()
    const draining = this.#drainSeq > 0 && cursor >= this.#drainSeq
    if (this.#facts?.empty && !draining && now - this.#committedAt < COMMIT_MILLIS) return
    this.#committedAt = now
    const bytes = packValue(this.#accounts)
    const snapshot = { name: PRODUCER, version: encoderVersion, position: cursor, bytes }
    await this.#facts?.handIn(cursor, [], snapshot)
  }

  #tellStanding(): void {
    const lag = this.lag()
    const { lagWarning } = this.#scope.config
    let standing = this.#standing
    if (lag === 0) standing = 'caughtUp'
    else if (lag > lagWarning) standing = 'lagRose'
    else if (lag > lagWarning / 10) standing = 'fellBehind'
    if (standing === this.#standing) return
    if (this.#standing === 'lagRose' && standing === 'fellBehind') {
      this.#scope.send({ type: 'lagFell' })
    } else {
      const reason = `${lag} events behind the log's end`
      this.#scope.send({ type: standing, reason } as { type: string })
    }
    this.#standing = standing
  }

  async #drain(): Promise<undefined> {
    const seq = this.#drainSeq
    this.#follower?.advanceTo(seq)
    await this.#follower?.arriveAt(seq)
    this.#follower?.stop()
    await this.#facts?.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#follower?.stop()
    await this.#reader.close()
    return undefined
  }
}
