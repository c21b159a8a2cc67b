// What the log says that the consumers must have made of it: the pure logic of aggregator and
// encoder, folded over the events as they landed, one event after the other, exactly once.
import { releaseFact } from '../../src/actors/aggregator/keep.ts'
import {
  type AggregatorState,
  decide,
  emptyState,
  evolve,
  noChanges,
} from '../../src/actors/aggregator/logic.ts'
import {
  type Accounts,
  accountedTypes,
  closeBy,
  countFrame,
  type EncoderState,
} from '../../src/actors/encoder/logic.ts'
import { Layouts, packValue, unpackValue } from '../../src/protocol/codec.ts'
import type {
  Envelope,
  EpisodeReleased,
  FrameCaptured,
  FramesCounted,
  MilestoneReached,
} from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'

export class AggregatorFold {
  readonly state: AggregatorState = emptyState()
  /** Every fact that there must be, in order. */
  readonly facts: MilestoneReached[] = []
  /** Every episode that must be given up, in order. */
  readonly releases: EpisodeReleased[] = []

  /** Folds on, up to event `seq`. */
  foldTo(events: readonly Envelope[], seq: number): void {
    const changes = noChanges()
    while (this.state.seq < seq) {
      const envelope = events[this.state.seq]!
      this.facts.push(...decide(this.state, envelope))
      evolve(this.state, envelope, changes)
      this.releases.push(...changes.givenUp.splice(0).map(releaseFact))
    }
  }

  get bytes(): Uint8Array {
    return packValue(this.state)
  }
}

/** The account of the encoder `name` (docs/format.md says which cameras it has); of all without. */
export class EncoderFold {
  readonly accounts: Accounts = []
  readonly facts: FramesCounted[] = []
  readonly #number: number | undefined
  readonly #layouts = new Layouts()
  readonly #mine = new Map<string, boolean>()
  #seq = 0

  constructor(name?: string) {
    this.#number = name === undefined ? undefined : Number(/\d+$/.exec(name)?.[0] ?? 1)
  }

  /**
   * As if nothing was ever given up: how much of an episode was when the encoder came to it depends
   * on who was quicker.
   */
  foldTo(events: readonly Envelope[], seq: number): void {
    for (; this.#seq < seq; this.#seq++) {
      const envelope = events[this.#seq]!
      const { event } = envelope
      if (event.type === 'layout_declared') this.#layouts.add(event)
      if (!accountedTypes.has(event.type)) continue
      if (event.type !== 'frame_captured') this.facts.push(...closeBy(this.accounts, envelope))
      else if (this.#isMine(event)) this.facts.push(...countFrame(this.accounts, event, event))
    }
  }

  #isMine({ agent, camera }: FrameCaptured): boolean {
    if (this.#number === undefined) return true
    const key = `${agent}/${camera}`
    const mine = this.#mine.get(key) ?? this.#encoderOf(key) === this.#number
    this.#mine.set(key, mine)
    return mine
  }

  /** Of those that were filmed when they appeared each has the next encoder; all others the first. */
  #encoderOf(key: string): number {
    const layouts = this.#layouts.all().filter(layout => layout.kind === 'frame')
    const declared = layouts.sort((a, b) => a.layout - b.layout)
    const firsts = new Map(declared.reverse().map(one => [`${one.agent}/${one.camera}`, one]))
    if (firsts.get(key)?.video === false) return 1
    const filmed = this.#layouts.cameras().filter(camera => firsts.get(camera)?.video !== false)
    return Math.min(filmed.indexOf(key) + 1, limits.encodersMax)
  }

  /** Whether `bytes` are its state, but for what was given up; no video is made. */
  agreesWith(bytes: Uint8Array, released: ReadonlySet<number>): boolean {
    const { accounts, films } = unpackValue(bytes) as EncoderState
    const isSame = (account: Account, at: number): boolean =>
      agree(this.accounts[at], account, released)
    return films.length === 0 && accounts.length === this.accounts.length && accounts.every(isSame)
  }
}

type Account = Omit<FramesCounted, 'type'>

/** Whether an account is as expected: every frame is intact, or given up with its episode. */
export function agree(
  expected: Account | undefined,
  { agent, camera, episode, owed, intact, released = 0 }: Account,
  given: ReadonlySet<number>,
): boolean {
  if (expected?.agent !== agent || expected.camera !== camera) return false
  if (expected.episode !== episode || expected.owed !== owed) return false
  return intact + released === owed && (released === 0 || given.has(episode))
}
