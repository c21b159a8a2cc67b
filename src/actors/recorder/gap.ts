// What the trainer handed over while the disk was full, told as one event in its place: how much was
// lost, what later records need of it, and which episodes began or ended unseen. Pure.
import { encodeEvent, type Layouts } from '../../protocol/codec.ts'
import type { Event, Layout } from '../../protocol/events.ts'
import { surveyRecords } from '../../store/survey.ts'
import type { Intake } from './logic.ts'

/** An episode that no recorder saw the end of. */
export function interruptedEpisode(agent: string, episode: number): Event {
  return {
    type: 'episode_ended',
    agent,
    episode,
    steps: 0,
    frames: 0,
    totalReward: 0,
    extrinsicReward: 0,
    intrinsicReward: 0,
    terminated: false,
    truncated: false,
    reason: 'interrupted',
    startTime: 0,
  }
}

/** What the log knows when it can be written to again. */
export interface Known {
  readonly layouts: readonly Layout[]
  readonly openEpisodes: readonly { readonly episode: number; readonly agent: string }[]
}

/** A gap as plain data: the host keeps it for the next recorder, should this one die too soon. */
export interface GapState {
  readonly events: number
  readonly bytes: number
  readonly open: readonly (readonly [agent: string, episode: number])[]
  /** All that the trainer has declared: what of it was lost is not in the log. */
  readonly layouts: readonly Layout[]
}

export class Gap {
  #events: number
  #bytes: number
  /** The open episode of each agent that began or ended one in the gap; 0: none. */
  readonly #open: Map<string, number>

  constructor(state?: GapState) {
    this.#events = state?.events ?? 0
    this.#bytes = state?.bytes ?? 0
    this.#open = new Map(state?.open)
  }

  get isEmpty(): boolean {
    return this.#events === 0
  }

  state(layouts: Layouts): GapState {
    const [events, bytes] = [this.#events, this.#bytes]
    return { events, bytes, open: [...this.#open], layouts: layouts.all() }
  }

  /** Takes note of what was lost; `layouts` are those of the trainer. */
  add({ records, count, frames }: Intake, layouts: Layouts): void {
    this.#events += count
    this.#bytes += records.byteLength
    for (const { bytes } of frames) this.#bytes += bytes.byteLength
    for (const { agent, episode, began } of surveyRecords(records, layouts).episodes) {
      this.#open.set(agent, began ? episode : 0)
    }
  }

  /** Adds one that could not be told, of what was lost before this. */
  addEarlier(gap: Gap): void {
    this.#events += gap.#events
    this.#bytes += gap.#bytes
    for (const [agent, episode] of gap.#open) {
      if (!this.#open.has(agent)) this.#open.set(agent, episode)
    }
  }

  /** The records that take the place of what was lost; none when nothing was. */
  records(known: Known, layouts: Layouts, time: number): Uint8Array[] {
    if (this.isEmpty) return []
    const told = new Set(known.layouts.map(({ layout }) => layout))
    const events: Event[] = [
      { type: 'gap_found', cause: 'disk_full', events: this.#events, bytes: this.#bytes },
    ]
    for (const layout of layouts.all()) {
      if (!told.has(layout.layout)) events.push({ type: 'layout_declared', ...layout })
    }
    for (const { agent, episode } of known.openEpisodes) {
      const now = this.#open.get(agent)
      if (now !== undefined && now !== episode) events.push(interruptedEpisode(agent, episode))
    }
    // What comes next of an episode may be a frame: all of it is to be found from its beginning on.
    const begun = new Set(known.openEpisodes.map(({ episode }) => episode))
    for (const [agent, episode] of this.#open) {
      if (episode !== 0 && !begun.has(episode)) {
        events.push({ type: 'episode_began', agent, episode })
      }
    }
    return events.map(event => encodeEvent(event, time))
  }
}
