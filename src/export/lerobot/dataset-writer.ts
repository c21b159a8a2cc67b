// A LeRobot dataset that grows by whole episodes. When `addEpisodes` returns, they are on the disk
// with their rows, videos, tasks, statistics and counts; after a crash at any point the next opening
// finds every episode that had been added and no trace of another. Adding the same episode again
// does nothing. One process writes a dataset; the caller sees to that.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../base/assert.ts'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import { stageChange } from './change.ts'
import { type BeforeStep, Commit } from './commit.ts'
import { orDiskError } from './disk-error.ts'
import { parseInfo } from './info.ts'
import { INFO_PATH } from './layout.ts'
import { type EpisodeInput, type PreparedEpisode, prepareEpisode } from './prepare.ts'
import type { Joining } from './rollover.ts'
import { appendSources } from './sources.ts'
import { type DatasetState, episodeCount, frameCount } from './state.ts'
import type { VideoTool } from './video.ts'
import { UnjoinableVideo } from './video-files.ts'

/** What became of an episode. */
export type Outcome =
  /** It is number `episode` of the dataset, durably. `known`: since an earlier time. */
  | { readonly outcome: 'added' | 'known'; readonly episode: number }
  /** It cannot be in a dataset, and nothing of it is. To be told to whoever wants it. */
  | { readonly outcome: 'refused'; readonly reason: string }

/** Made by `openDataset`. One call at a time. After an error that it throws it is not to be used. */
export class DatasetWriter {
  readonly #root: string
  readonly #video: VideoTool | undefined
  readonly #beforeStep: BeforeStep
  readonly #sources: Map<string, number>
  #state: DatasetState
  /** Why no more is written; a new opening sorts out what is on the disk. */
  #ended: 'closed' | 'an error' | undefined
  #busy = false

  constructor(
    root: string,
    state: DatasetState,
    sources: Map<string, number>,
    video: VideoTool | undefined,
    beforeStep: BeforeStep,
  ) {
    this.#root = root
    this.#state = state
    this.#sources = sources
    this.#video = video
    this.#beforeStep = beforeStep
  }

  /** Episodes in the dataset. */
  get episodes(): number {
    return episodeCount(this.#state)
  }

  /** Rows in the dataset. */
  get frames(): number {
    return frameCount(this.#state)
  }

  /** The number of the episode that was made of `source`, if there is one. */
  episodeOf(source: string): number | undefined {
    return this.#sources.get(source)
  }

  async addEpisode(episode: EpisodeInput): Promise<Outcome> {
    const [outcome] = await this.addEpisodes([episode])
    assert(outcome, 'an outcome for each episode')
    return outcome
  }

  /**
   * Adds episodes in one commit, all of them or none, but for those that are refused; outcomes are in
   * the same order. A commit waits for the disk four times, so that many short episodes are
   * better added together. Errors of the disk (DISK_FULL, CANNOT_CREATE) end the writer.
   * `joining`: whether earlier files are written again now (the default), or left for later.
   */
  addEpisodes(
    episodes: readonly EpisodeInput[],
    joining: Exclude<Joining, 'all'> = 'worthwhile',
  ): Promise<Outcome[]> {
    return this.#alone(() => this.#add(episodes, joining))
  }

  /** Joins what was left for later. */
  tidy(): Promise<void> {
    return this.#join('worthwhile')
  }

  /**
   * Joins the last files of each kind as far as the limits allow. For a dataset that is finished: one
   * that grows has few files anyway, and this copies up to a full file of each kind.
   */
  compact(): Promise<void> {
    return this.#join('all')
  }

  async #join(joining: Joining): Promise<void> {
    await this.#alone(async () => {
      const commit = new Commit(this.#root, this.#beforeStep)
      const shop = { root: this.#root, commit, tool: this.#video }
      const joined = await stageChange(this.#state, [], shop, joining)
      if (!joined) return commit.discard()
      this.#checkAlone()
      await commit.commit()
      this.#state = joined
    })
  }

  /** Ends the writer. All that was added is on the disk already. */
  close(): void {
    assert(!this.#busy, 'one call of the dataset writer at a time')
    this.#ended ??= 'closed'
  }

  async #add(episodes: readonly EpisodeInput[], joining: Joining): Promise<Outcome[]> {
    const refused = new Map<EpisodeInput, string>()
    const fresh = new Map<string, PreparedEpisode>()
    let { features } = this.#state
    for (const input of episodes) {
      if (this.#sources.has(input.source) || fresh.has(input.source)) continue
      try {
        const prepared = await prepareEpisode(input, features, this.#state.fps, this.#video)
        fresh.set(input.source, prepared)
        features = prepared.features
      } catch (error) {
        if (!(error instanceof RollcastError) || error.code !== 'BAD_INPUT') throw error
        refused.set(input, error.message)
      }
      await systemClock.turn()
    }
    const first = this.episodes
    for (const [source, reason] of await this.#commitJoinable(fresh, joining)) {
      for (const input of episodes) if (input.source === source) refused.set(input, reason)
    }
    const told = new Set<string>()
    return episodes.map((input): Outcome => {
      const { source } = input
      const reason = refused.get(input)
      if (reason !== undefined)
        return { outcome: 'refused', reason: `episode ${source}: ${reason}` }
      const episode = this.#sources.get(source)
      assert(episode !== undefined, 'what was not refused is there')
      const known = episode < first || told.has(source)
      told.add(source)
      return { outcome: known ? 'known' : 'added', episode }
    })
  }

  /** Commits all episodes but those whose videos do not fit together; gives these, with the reason. */
  async #commitJoinable(
    fresh: Map<string, PreparedEpisode>,
    joining: Joining,
  ): Promise<Map<string, string>> {
    const refused = new Map<string, string>()
    while (fresh.size > 0) {
      try {
        await this.#commit([...fresh.values()], joining)
        break
      } catch (error) {
        if (!(error instanceof UnjoinableVideo)) throw error
        refused.set(error.source, error.message)
        fresh.delete(error.source)
      }
    }
    return refused
  }

  async #commit(episodes: readonly PreparedEpisode[], joining: Joining): Promise<void> {
    const commit = new Commit(this.#root, this.#beforeStep)
    const shop = { root: this.#root, commit, tool: this.#video }
    const next = await stageChange(this.#state, episodes, shop, joining)
    assert(next, 'episodes change the dataset')
    const sources = episodes.map(({ source }) => source)
    this.#checkAlone()
    appendSources(this.#root, sources, commit, this.#beforeStep)
    await commit.commit()
    this.#state = next
    for (const source of sources) this.#sources.set(source, this.#sources.size)
  }

  /** Another writer's episodes are not overwritten. A lock is better: this looks, and then writes. */
  #checkAlone(): void {
    const { episodes } = parseInfo(readFileSync(join(this.#root, INFO_PATH), 'utf8'))
    if (episodes === this.episodes) return
    const found = `expected ${this.episodes} episodes, found ${episodes}`
    throw new RollcastError('OUT_OF_ORDER', `${this.#root}: ${found}: another writer is at work`)
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    assert(!this.#busy, 'one call of the dataset writer at a time')
    if (this.#ended) {
      const ended = `the dataset writer of ${this.#root} was ended by ${this.#ended}`
      throw new RollcastError('CLOSED', ended)
    }
    this.#busy = true
    try {
      return await orDiskError(this.#root, work)
    } catch (error) {
      this.#ended = 'an error'
      throw error
    } finally {
      this.#busy = false
    }
  }
}
