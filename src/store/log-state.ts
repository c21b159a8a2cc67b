// What the log keeps track of beside its events, so that opening is cheap and a reader can start
// anywhere: the end of the chain, the layouts, the open episodes, each producer's position. It is
// written in the transaction of the events that changed it, and can be rebuilt from them.
import { RollcastError } from '../base/errors.ts'
import { Layouts } from '../protocol/codec.ts'
import type { Layout } from '../protocol/events.ts'
import { FORMAT_VERSION } from './batch-codec.ts'
import { nameKey } from './keys.ts'
import { metaWrite, namesUnder, readMeta } from './meta.ts'
import { Producers } from './producers.ts'
import type { LogStorage, Write } from './storage.ts'
import type { Survey } from './survey.ts'

/** Identifies a log of Rollcast and its format. */
export interface Format {
  readonly magic: 'rollcast-log'
  readonly version: number
}

const CURRENT_FORMAT: Format = { magic: 'rollcast-log', version: FORMAT_VERSION }

/** The end of the log. */
export interface Head {
  readonly lastSeq: number
  /** Number of the first event of the last batch, and that batch's checksum; 0 when empty. */
  readonly lastBatch: number
  readonly crc: number
  /** True when the last writer closed; false while one has the log open. */
  readonly clean: boolean
}

export const emptyHead: Head = { lastSeq: 0, lastBatch: 0, crc: 0, clean: true }

interface Episodes {
  readonly last: number | null
  readonly open: readonly (readonly [episode: number, agent: string])[]
}

const LAYOUT = 'layout/'

export const readHead = (storage: LogStorage): Head =>
  (readMeta(storage, 'head') as Head) ?? emptyHead

export const readFormat = (storage: LogStorage): Format | undefined =>
  readMeta(storage, 'format') as Format | undefined

export const readPrunedBefore = (storage: LogStorage): number =>
  (readMeta(storage, 'prunedBefore') as number | undefined) ?? 0

export const readLayouts = (storage: LogStorage): Layout[] =>
  namesUnder(storage, LAYOUT).map(name => readMeta(storage, name) as Layout)

/** Numbers of the layouts that are stored, whole or not. */
export const layoutNumbers = (storage: LogStorage): number[] =>
  namesUnder(storage, LAYOUT).map(name => Number(name.slice(LAYOUT.length)))

/** The writer's picture of the log, including what is not yet durable. */
export class LogState {
  head: Head = emptyHead
  readonly layouts = new Layouts()
  producers = new Producers()
  /** Number to agent. */
  readonly openEpisodes = new Map<number, string>()
  lastEpisode: number | undefined

  /** The state as of the storage's last commit. */
  static load(storage: LogStorage): LogState {
    const state = new LogState()
    state.head = readHead(storage)
    for (const layout of readLayouts(storage)) state.layouts.add(layout)
    state.producers = Producers.load(storage)
    const episodes = readMeta(storage, 'episodes') as Episodes | undefined
    for (const [episode, agent] of episodes?.open ?? []) state.openEpisodes.set(episode, agent)
    state.lastEpisode = episodes?.last ?? undefined
    return state
  }

  /** Takes in what a survey found. */
  apply(survey: Survey): void {
    for (const layout of survey.layouts) this.layouts.add(layout)
    for (const { episode, agent, began } of survey.episodes) {
      if (began) this.openEpisodes.set(episode, agent)
      else this.openEpisodes.delete(episode)
      if (episode > (this.lastEpisode ?? -1)) this.lastEpisode = episode
    }
  }

  headWrite = (): Write => metaWrite('head', this.head)

  episodesWrite(): Write {
    const open = [...this.openEpisodes].sort(([a], [b]) => a - b)
    return metaWrite('episodes', { last: this.lastEpisode ?? null, open } satisfies Episodes)
  }
}

export const layoutKey = (layout: number): Uint8Array => nameKey(LAYOUT + layout)

export const layoutWrite = (layout: Layout): Write => metaWrite(LAYOUT + layout.layout, layout)

export const formatWrite = (): Write => metaWrite('format', CURRENT_FORMAT)

/** Throws unless the storage holds a log of a format that this software knows. */
export function checkFormat(format: Format | undefined, where: string): void {
  if (format?.magic !== 'rollcast-log') {
    throw new RollcastError(
      'LOG_FOREIGN',
      `${where}: expected a Rollcast log, found another LMDB database`,
    )
  }
  if (format.version > CURRENT_FORMAT.version) {
    throw new RollcastError(
      'LOG_VERSION',
      `${where}: the log has format ${format.version}, this software knows up to ` +
        `${CURRENT_FORMAT.version}; use a newer Rollcast`,
    )
  }
}
