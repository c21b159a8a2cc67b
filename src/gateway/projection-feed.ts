// The aggregator's projection on its way to viewers: new rows of the index and new milestones once
// each, summaries of changed metrics at most 10 times a second, their points once a second.
import type { Clock } from '../base/clock.ts'
import { limits } from '../protocol/limits.ts'
import { comparePositions } from '../protocol/position.ts'
import type { EpisodeRow, Milestone, Projection, RunTotals } from '../protocol/projection.ts'
import type { ProjectionNotice } from '../protocol/thread-messages.ts'
import type { Continuity } from './continuity.ts'
import { episodesMessage, metricsMessage, milestoneMessage } from './messages.ts'
import type { MetricsChange } from './metrics-outlet.ts'
import type { Stage } from './publication.ts'
import { SharedMessage } from './shared-message.ts'
import { Throttle } from './throttle.ts'

const SUMMARIES_MILLIS = 100
const POINTS_MILLIS = 1000
/** Rows and milestones that a viewer gets on arrival. */
const FIRST_ROWS = 50
const FIRST_MILESTONES = 50
const ROW_BYTES = 400
const SERIES_BYTES = 256

export interface ProjectionFeedOptions {
  readonly clock: Clock
  readonly stage: Stage
  readonly continuity: Continuity
  /** Whether anybody watches; if not, nothing is made. */
  readonly watched: () => boolean
  readonly onMessage: (message: SharedMessage) => void
  readonly onMetrics: (change: MetricsChange) => void
}

export class ProjectionFeed {
  readonly #options: ProjectionFeedOptions
  readonly #pace: Record<'summaries' | 'points', Throttle<null>>
  /** Names that changed since the last message of each kind. */
  readonly #changed = { summaries: new Set<string>(), points: new Set<string>() }
  #projection: Projection | undefined
  #lastRowSeq = 0
  #lastMilestoneSeq = 0
  /** The first messages of this projection, for all who arrive before the next. */
  #first: readonly SharedMessage[] | undefined
  /** The same of series that viewers had no room for, by which they are. */
  readonly #late = new Map<string, SharedMessage>()

  constructor(options: ProjectionFeedOptions) {
    this.#options = options
    const pace = (kind: 'summaries' | 'points', millis: number): Throttle<null> =>
      new Throttle(options.clock, millis, () => this.#sendMetrics(kind))
    this.#pace = {
      summaries: pace('summaries', SUMMARIES_MILLIS),
      points: pace('points', POINTS_MILLIS),
    }
  }

  /** The run that the projection is of. */
  get run(): { readonly run: string; readonly name: string } | undefined {
    return this.#projection
  }

  get totals(): RunTotals | undefined {
    return this.#projection?.totals
  }

  take({ projection, changedMetrics }: ProjectionNotice): void {
    const { continuity, watched } = this.#options
    const before = this.#projection
    // An aggregator that starts again folds once more what was shown already.
    if (before !== undefined && comparePositions(projection, before) < 0) return
    if (before !== undefined && before.epoch !== projection.epoch) this.restart()
    this.#projection = projection
    this.#forgetMessages()
    continuity.note(projection)
    const rows = projection.episodes.filter(row => row.lastSeq > this.#lastRowSeq)
    const milestones = projection.milestones.filter(one => one.seq > this.#lastMilestoneSeq)
    this.#lastRowSeq = rows.at(-1)?.lastSeq ?? this.#lastRowSeq
    this.#lastMilestoneSeq = milestones.at(-1)?.seq ?? this.#lastMilestoneSeq
    if (before?.epoch === projection.epoch) {
      if (rows[0] !== undefined) continuity.record(rows[0].lastSeq)
      if (milestones[0] !== undefined) continuity.record(milestones[0].seq)
      // All of it is new: who came before it may miss any of it.
    } else continuity.restart(continuity.position)
    if (!watched()) {
      this.#forgetChanges()
      return
    }
    for (const message of this.#rowMessages(rows)) this.#options.onMessage(message)
    for (const one of milestones) this.#options.onMessage(this.#milestoneMessage(one))
    this.#noteChanges(changedMetrics)
  }

  /** What follows belongs to another epoch, or is told anew. */
  restart(): void {
    this.#projection = undefined
    this.#forgetMessages()
    this.#lastRowSeq = 0
    this.#lastMilestoneSeq = 0
    this.#forgetChanges()
  }

  stop(): void {
    this.#pace.summaries.reset()
    this.#pace.points.reset()
  }

  /** Everything of now that a viewer needs, bounded. */
  firstMessages(): readonly SharedMessage[] {
    const projection = this.#projection
    if (projection === undefined) return []
    this.#first ??= this.#messagesOf(
      projection.episodes.slice(-FIRST_ROWS),
      projection.milestones.slice(-FIRST_MILESTONES),
    )
    return this.#first
  }

  /** These series as they are now, for all who had no room for the same ones. */
  metricsOf(names: ReadonlySet<string>, withPoints: boolean): SharedMessage | undefined {
    if (this.#projection === undefined) return undefined
    const key = JSON.stringify([withPoints, ...[...names].sort()])
    const message = this.#late.get(key) ?? this.#metricsMessage(names, withPoints)
    this.#late.set(key, message)
    return message
  }

  /** As `firstMessages`, reaching back to what was made of event `from` at least, or null. */
  reachingBack(from: number): readonly SharedMessage[] | null {
    const projection = this.#projection
    if (projection === undefined) return null
    const { episodes, milestones } = projection
    const reachesRows = episodes.length < limits.projectionEpisodes || episodes[0]!.lastSeq <= from
    const reachesMilestones =
      milestones.length < limits.projectionMilestones || milestones[0]!.seq <= from
    if (!reachesRows || !reachesMilestones) return null
    const missed = episodes.filter(row => row.lastSeq >= from).length
    return this.#messagesOf(
      // One more than was missed, so that the viewer sees that there is no hole.
      episodes.slice(-Math.max(FIRST_ROWS, missed + 1)),
      milestones.filter(one => one.seq >= from),
    )
  }

  #messagesOf(
    rows: readonly EpisodeRow[],
    milestones: readonly Milestone[],
  ): readonly SharedMessage[] {
    return [
      this.#metricsMessage(null, true),
      ...this.#rowMessages(rows, true),
      ...milestones.map(one => this.#milestoneMessage(one)),
    ]
  }

  #rowMessages(rows: readonly EpisodeRow[], evenNone = false): SharedMessage[] {
    const { mode } = this.#options.stage
    const more = this.#projection!.totals.episodes > rows.length
    const messages: SharedMessage[] = []
    for (let at = 0; at < rows.length || (evenNone && at === 0); at += limits.episodePage) {
      const page = rows.slice(at, at + limits.episodePage)
      const build = () => episodesMessage(mode, null, page, more)
      messages.push(SharedMessage.text('episodes', build, page.length * ROW_BYTES))
    }
    return messages
  }

  #milestoneMessage(milestone: Milestone): SharedMessage {
    const { mode } = this.#options.stage
    return SharedMessage.text('milestones', () => milestoneMessage(mode, milestone), ROW_BYTES)
  }

  #noteChanges(names: readonly string[]): void {
    for (const name of names) {
      this.#changed.summaries.add(name)
      this.#changed.points.add(name)
    }
    this.#pace.summaries.offer(null)
    if (this.#changed.points.size > 0) this.#pace.points.offer(null)
  }

  #forgetMessages(): void {
    this.#first = undefined
    this.#late.clear()
  }

  #forgetChanges(): void {
    this.stop()
    this.#changed.summaries.clear()
    this.#changed.points.clear()
  }

  #sendMetrics(kind: 'summaries' | 'points'): void {
    const names = new Set(this.#changed[kind])
    this.#changed[kind].clear()
    if (this.#projection === undefined || !this.#options.watched()) return
    const withPoints = kind === 'points'
    const message = this.#metricsMessage(names, withPoints)
    this.#options.onMetrics({ names, withPoints, message })
  }

  /** `names` null: all of them. */
  #metricsMessage(names: ReadonlySet<string> | null, withPoints: boolean): SharedMessage {
    const { mode } = this.#options.stage
    const { time, totals, metrics } = this.#projection!
    const series = names === null ? metrics : metrics.filter(one => names.has(one.name))
    const points = withPoints ? limits.metricPoints * 24 : 0
    return SharedMessage.text(
      'metrics',
      () => metricsMessage(mode, time, totals, series, withPoints),
      SERIES_BYTES + series.length * (SERIES_BYTES + points),
    )
  }
}
