// From the live feed to what is on stage: which agents play which episodes, every step as it is
// shown, and whole episodes for those who play them back. Pure.
//
// Invariant: two episodes never melt into one. An episode is closed by its end, by the next one of
// its agent, or by the feed starting over; one of which anything was missed is never material, and
// its sums are unknown (NaN) rather than wrong.
import { AssertionError } from '../../base/assert.ts'
import type {
  BeganPublication,
  FinishedEpisode,
  Publication,
  Stage,
} from '../../gateway/publication.ts'
import {
  decodeRecord,
  Layouts,
  type RecordView,
  readRecord,
  typeOfKind,
} from '../../protocol/codec.ts'
import type {
  EpisodeBegan,
  EpisodeEnded,
  Event,
  EventType,
  FrameLayout,
  Layout,
  StepTaken,
} from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'
import { origin, type Position } from '../../protocol/position.ts'
import { noPlace, Ranking } from '../../protocol/predicate/ranking.ts'
import { type EpisodeRow, rowOf } from '../../protocol/projection.ts'
import type { FeedMode, LiveBatch } from '../../protocol/thread-messages.ts'
import type { Mode } from '../../protocol/viewer-protocol.ts'
import { OpenEpisode } from './open-episode.ts'

/** Steps kept of all open episodes together; each may keep its share. */
const OPEN_STEPS_MAX = limits.liveEpisodes * limits.liveEpisodeSteps
const AGENTS_MAX = limits.layoutsMax
/** The reason of an episode whose end was missed. */
const MISSED = 'missed'

export interface FeedCounters {
  /** Events that never came, because batches of the feed were dropped. */
  missedEvents: number
  /** Events that could not be read: of a layout not known yet, or damaged. */
  unreadEvents: number
}

/** A frame that was recorded. */
export interface Framed {
  readonly camera: Pick<FrameLayout, 'agent' | 'camera'>
  readonly time: number
}

export class LiveFeed implements Stage {
  readonly counters: FeedCounters = { missedEvents: 0, unreadEvents: 0 }
  #position: Position = origin
  #source: FeedMode | null = null
  #sourceEnded = false
  #run: string | null = null
  #name: string | null = null
  #layouts = new Layouts()
  #needsLayouts = false
  readonly #open = new Map<string, OpenEpisode>()
  readonly #agents = new Set<string>()
  #framed: string | null = null
  /** Of each agent the camera that was there first, and the event of its newest frame. */
  readonly #newestFrames = new Map<string, { readonly camera: string; readonly seq: number }>()
  /** The newest frame of each camera since this was asked last, by agent and camera. */
  readonly #framedSince = new Map<string, Framed>()
  /** Of the episodes that ended while this was fed: the last one of each agent, and all returns. */
  readonly #previous = new Map<string, EpisodeRow>()
  #ranking = new Ranking()
  #finished: FinishedEpisode[] = []
  #dropped = 0

  get mode(): Mode {
    if (this.#source === null) return 'waiting'
    if (!this.#sourceEnded || this.#source !== 'live') return this.#source
    return this.#finished.length > 0 ? 'checkpoint' : 'waiting'
  }

  get position(): Position {
    return this.#position
  }

  get run(): string | null {
    return this.#run
  }

  get name(): string | null {
    return this.#name
  }

  get agents(): readonly string[] {
    return [...this.#agents]
  }

  get defaultAgent(): string | null {
    return this.#framed ?? this.#agents.values().next().value ?? null
  }

  /** The cameras that were declared so far. */
  get cameras(): readonly FrameLayout[] {
    return this.#layouts.all().filter(layout => layout.kind === 'frame')
  }

  /** The newest frame of each camera that was recorded since the last time. */
  takeFramed(): readonly Framed[] {
    const framed = [...this.#framedSince.values()]
    this.#framedSince.clear()
    return framed
  }

  get episodesQueued(): number {
    return this.#finished.length
  }

  get episodesDropped(): number {
    return this.#dropped
  }

  /** Nothing of a trainer has come yet, neither what can be read nor what cannot. */
  get isBlank(): boolean {
    return this.#agents.size === 0 && this.counters.unreadEvents === 0
  }

  /** True when records came whose layout is not known; `learn` what the log declares. */
  get needsLayouts(): boolean {
    return this.#needsLayouts
  }

  learn(layouts: Iterable<Layout>): void {
    // What this feed has declared itself is as new or newer.
    const own = this.#layouts.all()
    this.#layouts = new Layouts([...layouts, ...own])
    this.#needsLayouts = false
  }

  open(agent: string): BeganPublication | undefined {
    const open = this.#open.get(agent)
    return open === undefined ? undefined : beganOf(open)
  }

  newestFinished(isMeant: (finished: FinishedEpisode) => boolean): FinishedEpisode | undefined {
    return this.#finished.findLast(isMeant)
  }

  newestFrame(agent: string): number | undefined {
    return this.#newestFrames.get(agent)?.seq
  }

  /** The agent has frames to show. */
  noteFrames(agent: string): void {
    this.#noteAgent(agent)
    if (this.#agents.has(agent)) this.#framed ??= agent
  }

  /** The trainer has gone; what is shown from here on was played before. */
  noteTrainerLeft(): void {
    this.#sourceEnded = true
  }

  /** Takes one batch; returns what there is to show, in order. Never throws for what is in it. */
  fold(batch: LiveBatch): Publication[] {
    const shown: Publication[] = []
    this.#align(batch, shown)
    for (const layout of batch.layouts ?? []) this.#layouts.add(layout)
    let seq = batch.firstSeq
    const end = batch.firstSeq + batch.count
    for (let offset = 0; seq < end; seq++) {
      this.#position = { epoch: batch.epoch, seq }
      const record = tryRead(() => readRecord(batch.records, offset))
      if (record === undefined) break
      offset = record.end
      this.#foldRecord(batch.records, record, shown)
    }
    if (seq < end) this.#failToRead(end - seq)
    this.#position = { epoch: batch.epoch, seq: end - 1 }
    return shown
  }

  /** Starts over for another epoch or source, and notes what was dropped before the batch. */
  #align({ epoch, firstSeq, mode, isSelection }: LiveBatch, shown: Publication[]): void {
    const { position } = this
    const first = this.#source === null
    if (epoch !== position.epoch || mode !== this.#source || firstSeq <= position.seq) {
      // A trainer's recorder that begins again goes on with the run; anything else is told anew.
      if (mode !== this.#source || firstSeq <= position.seq) this.#forgetPast()
      this.#restart(mode)
      this.#position = { epoch, seq: firstSeq - 1 }
      if (!first) shown.push({ kind: 'restarted' })
    } else if (firstSeq > position.seq + 1 && !isSelection) {
      this.counters.missedEvents += firstSeq - position.seq - 1
      this.#missSomething()
    }
  }

  #restart(mode: FeedMode): void {
    // Finished episodes that are played again are of the same agents.
    const isRound = mode === 'checkpoint' && mode === this.#source
    this.#source = mode
    this.#sourceEnded = false
    this.#layouts = new Layouts()
    this.#open.clear()
    this.#finished = []
    if (isRound) return
    this.#agents.clear()
    this.#framed = null
  }

  #forgetPast(): void {
    this.#previous.clear()
    this.#newestFrames.clear()
    this.#ranking = new Ranking()
  }

  #missSomething(): void {
    for (const open of this.#open.values()) open.doubt()
  }

  #failToRead(events: number): void {
    this.counters.unreadEvents += events
    this.#missSomething()
  }

  #foldRecord(bytes: Uint8Array, record: RecordView, shown: Publication[]): void {
    if (!this.#isReadable(bytes, record)) {
      this.#failToRead(1)
      this.#needsLayouts = true
      return
    }
    const decoded = tryRead(() => decodeRecord(bytes, record, this.#layouts))
    if (decoded === undefined) this.#failToRead(1)
    else this.#foldEvent(decoded.event, decoded.time, record.bodyLength, shown)
  }

  /** False for steps and frames of a layout that nothing has declared to us. */
  #isReadable(bytes: Uint8Array, { kind, bodyOffset, bodyLength }: RecordView): boolean {
    const type = typeOfKind(kind)
    if (type !== 'step_taken' && type !== 'frame_captured') return true
    // Too short to name its layout: damaged, which decoding will find.
    if (bodyLength < 16) return true
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#layouts.get(view.getUint16(bodyOffset + 8, true)) !== undefined
  }

  #foldEvent(event: Event, time: number, bytes: number, shown: Publication[]): void {
    if (fromTrainer.has(event.type)) this.#sourceEnded = false
    switch (event.type) {
      case 'run_started':
        this.#run = event.run
        this.#name = event.name
        break
      case 'run_ended':
        this.#sourceEnded = true
        break
      case 'episode_began':
        this.#begin(event, time, shown)
        break
      case 'step_taken':
        this.#step(event, time, shown)
        break
      case 'frame_captured':
        this.noteFrames(event.agent)
        this.#countFrame(event.agent, event.episode)
        this.#noteFrame(event)
        this.#framedSince.set(`${event.agent}/${event.camera}`, { camera: event, time })
        break
      case 'episode_ended':
        this.#end(event, time, shown)
        break
      case 'insight_given': {
        const { kind: insight, data, agent = null } = event
        shown.push({ kind: 'insight', insight, agent, time, data, bytes })
      }
    }
  }

  #begin(event: EpisodeBegan, time: number, shown: Publication[]): void {
    // It was shown when it could not be recorded, and is told again with the gap.
    if (this.#open.get(event.agent)?.episode === event.episode) return
    const open = this.#openEpisode(event, time, true, shown)
    if (open === undefined) return
    open.stage = event.stage ?? null
    open.epsilon = event.epsilon ?? null
    open.seed = event.seed ?? null
    shown.push(beganOf(open))
  }

  #step(event: StepTaken, time: number, shown: Publication[]): void {
    const { agent, episode } = event
    let open = this.#open.get(agent)
    if (open?.episode !== episode) {
      open = this.#openEpisode(event, time, event.step === 0, shown)
      if (open === undefined) return
      shown.push(beganOf(open))
    }
    const steps = Math.max(
      2,
      Math.floor(OPEN_STEPS_MAX / Math.max(this.#open.size, limits.liveEpisodes)),
    )
    const step = open.take(event, time, { steps, numbers: limits.liveEpisodeNumbers })
    shown.push({ kind: 'stepped', agent, episode, time, position: this.#position, step })
  }

  #countFrame(agent: string, episode: number): void {
    const open = this.#open.get(agent)
    if (open?.episode === episode) open.frames++
  }

  #noteFrame({ agent, camera }: Pick<FrameLayout, 'agent' | 'camera'>): void {
    const { seq } = this.#position
    const known = this.#newestFrames.get(agent)
    if ((known?.camera ?? camera) === camera) this.#newestFrames.set(agent, { camera, seq })
  }

  #end(event: EpisodeEnded, time: number, shown: Publication[]): void {
    const { agent, episode } = event
    const open = this.#open.get(agent)
    if (open !== undefined && open.episode !== episode) this.#closeUnended(open, shown)
    this.#noteAgent(agent)
    if (!this.#agents.has(agent)) return
    const own = open?.episode === episode ? open : undefined
    this.#open.delete(agent)
    const row = rowOf(event, time, own?.firstSeq ?? this.#position.seq, this.#position.seq)
    const whole = own?.complete === true && own.stepCount === event.steps
    this.#close(row, whole ? own : undefined, shown, event.discarded)
  }

  /** Opens the agent's next episode and closes the one before; undefined past the most agents. */
  #openEpisode(
    { agent, episode }: { readonly agent: string; readonly episode: number },
    startTime: number,
    complete: boolean,
    shown: Publication[],
  ): OpenEpisode | undefined {
    this.#noteAgent(agent)
    if (!this.#agents.has(agent)) return undefined
    const before = this.#open.get(agent)
    if (before !== undefined) this.#closeUnended(before, shown)
    const open = new OpenEpisode(
      { agent, episode, startTime, firstSeq: this.#position.seq },
      complete,
    )
    this.#open.set(agent, open)
    return open
  }

  /** Closes an episode whose end did not come. */
  #closeUnended(open: OpenEpisode, shown: Publication[]): void {
    this.#open.delete(open.agent)
    const reason = open.certain ? 'superseded' : MISSED
    this.#close(open.rowSoFar(reason, this.#position.seq - 1), undefined, shown)
  }

  /** What the trainer discarded is shown, and counts for nothing (L19). */
  #close(
    row: EpisodeRow,
    whole: OpenEpisode | undefined,
    shown: Publication[],
    discarded = false,
  ): void {
    const previous = this.#previous.get(row.agent)
    const subject = { row, previous, ...(discarded ? noPlace : this.#ranking.add(row)) }
    if (!discarded) this.#previous.set(row.agent, row)
    let finished: FinishedEpisode | null = null
    if (whole !== undefined) {
      finished = { subject, material: whole.material(row), position: this.#position }
      this.#finished.push(finished)
      // The newest always stays (L6).
      if (this.#finished.length > limits.liveEpisodes) {
        this.#finished.shift()
        this.#dropped++
      }
    }
    shown.push({ kind: 'ended', subject, finished })
  }

  #noteAgent(agent: string): void {
    if (this.#agents.size < AGENTS_MAX) this.#agents.add(agent)
  }
}

/** What only a trainer that is there makes; other events may come after it has left. */
const fromTrainer: ReadonlySet<EventType> = new Set<EventType>([
  'run_started',
  'episode_began',
  'step_taken',
  'frame_captured',
  'metrics_sampled',
])

/** What `read` gives, or undefined when the bytes are damaged. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof AssertionError) throw error
    return undefined
  }
}

const beganOf = (open: OpenEpisode): BeganPublication => ({
  kind: 'began',
  agent: open.agent,
  episode: open.episode,
  stage: open.stage,
  epsilon: open.epsilon,
  time: open.startTime,
})
