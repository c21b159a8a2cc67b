// What the log says that the consumers must have made of it: the pure logic of aggregator and
// encoder, folded over the events as they landed, one event after the other, exactly once.
import {
  type AggregatorState,
  decide,
  emptyState,
  evolve,
  noChanges,
} from '../../src/actors/aggregator/logic.ts'
import {
  accountedTypes,
  closeBy,
  countFrame,
  type EncoderState,
} from '../../src/actors/encoder/logic.ts'
import { packValue } from '../../src/protocol/codec.ts'
import type { Envelope, FramesCounted, MilestoneReached } from '../../src/protocol/events.ts'

export class AggregatorFold {
  readonly state: AggregatorState = emptyState()
  /** Every fact that there must be, in order. */
  readonly facts: MilestoneReached[] = []

  /** Folds on, up to event `seq`. */
  foldTo(events: readonly Envelope[], seq: number): void {
    const unused = noChanges()
    while (this.state.seq < seq) {
      const envelope = events[this.state.seq]!
      this.facts.push(...decide(this.state, envelope))
      evolve(this.state, envelope, unused)
    }
  }

  get bytes(): Uint8Array {
    return packValue(this.state)
  }
}

export class EncoderFold {
  readonly accounts: EncoderState = []
  readonly facts: FramesCounted[] = []
  #seq = 0

  /** Every frame has its pixels, because both are in one transaction and nothing is pruned. */
  foldTo(events: readonly Envelope[], seq: number): void {
    for (; this.#seq < seq; this.#seq++) {
      const envelope = events[this.#seq]!
      const { event } = envelope
      if (!accountedTypes.has(event.type)) continue
      if (event.type === 'frame_captured') {
        this.facts.push(...countFrame(this.accounts, event, event))
      } else this.facts.push(...closeBy(this.accounts, envelope))
    }
  }

  get bytes(): Uint8Array {
    return packValue(this.accounts)
  }
}
