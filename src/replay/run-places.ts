// The place of each finished episode in its run, by return. Kept from question to question: a run
// that grows is read once, some rows at a time, and sorted anew when places are asked for after
// another episode has ended. Some 30 bytes an episode.
import { unpackValue } from '../protocol/codec.ts'
import { noPlace, rankAll } from '../protocol/predicate/ranking.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'

/** Of the episodes that had not ended when later ones had, the newest are asked for again. */
const OPEN_MAX = 4_096

type Places = ReturnType<typeof rankAll>

export class RunPlaces {
  readonly #reader: LogReader
  /** By the number of the episode. */
  #returns = new Float64Array(1024)
  /** 1 for those that have ended and were not discarded (L19). */
  #counts = new Uint8Array(1024)
  #upTo = 0
  readonly #open = new Set<number>()
  #placeAt: Places | null = null
  /** Where each episode stands among those that count. */
  #index = new Uint32Array(0)

  constructor(reader: LogReader) {
    this.#reader = reader
  }

  /** Reads up to `rowsMax` rows that are new; true when all are known. */
  update(rowsMax: number): boolean {
    for (const episode of this.#open) if (this.#add(episode)) this.#open.delete(episode)
    const last = this.#reader.episodeRows({ limit: 1 })[0]?.episode ?? 0
    const upTo = Math.min(last, this.#upTo + rowsMax)
    this.#makeRoom(upTo)
    while (this.#upTo < upTo) {
      const episode = ++this.#upTo
      if (!this.#add(episode)) this.#open.add(episode)
      if (this.#open.size > OPEN_MAX) this.#open.delete(this.#open.values().next().value!)
    }
    return this.#upTo === last
  }

  /** How many are better and how many worse; both endless for one that is not known, or discarded. */
  of(episode: number): { readonly better: number; readonly worse: number } {
    if (this.#counts[episode] !== 1) return noPlace
    this.#placeAt ??= this.#sort()
    return this.#placeAt(this.#index[episode]!)
  }

  #add(episode: number): boolean {
    const bytes = this.#reader.episodeRow(episode)
    if (bytes === undefined) return false
    const { totalReward, released } = unpackValue(bytes) as EpisodeRow
    if (released === 'discarded') return true
    this.#returns[episode] = totalReward
    this.#counts[episode] = 1
    this.#placeAt = null
    return true
  }

  #sort(): Places {
    const returns = new Float64Array(this.#upTo)
    this.#index = new Uint32Array(this.#upTo + 1)
    let count = 0
    for (let episode = 1; episode <= this.#upTo; episode++) {
      if (this.#counts[episode] !== 1) continue
      this.#index[episode] = count
      returns[count++] = this.#returns[episode]!
    }
    return rankAll(returns.subarray(0, count))
  }

  #makeRoom(upTo: number): void {
    if (upTo < this.#returns.length) return
    const length = 2 * (upTo + 1)
    const [returns, counts] = [new Float64Array(length), new Uint8Array(length)]
    returns.set(this.#returns)
    counts.set(this.#counts)
    this.#returns = returns
    this.#counts = counts
  }
}
