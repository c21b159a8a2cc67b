// A run, as the trainer's program holds it: started once, recorded into through recorders, closed
// once. Everything else runs on other threads.
import { randomInt } from 'node:crypto'
import type { RecorderDetail } from '../actors/recorder/contract.ts'
import { systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { checkListening } from '../gateway/access/listening.ts'
import { silenceEncoders } from '../media/ffmpeg.ts'
import { limits } from '../protocol/limits.ts'
import type { SystemNotice } from '../protocol/thread-messages.ts'
import { isHeld } from '../store/lock.ts'
import { checkRecordable } from '../store/open-log.ts'
import { createLane } from '../streams/fast-lane/layout.ts'
import { RingInlet } from '../streams/ring/inlet.ts'
import { createRing } from '../streams/ring/layout.ts'
import { type CostFigures, CostGuard, createCostWords, readCost } from './cost-guard.ts'
import { EpisodeRecorder } from './episode-recorder.ts'
import type { HostClient } from './host-client.ts'
import type { HostDetail } from './host-messages.ts'
import { Ingress } from './ingress.ts'
import { createIngressFigures, IngressFigures } from './ingress-figures.ts'
import { LanePublisher, type LanePublisherOptions } from './lane-publisher.ts'
import { makeLink } from './link.ts'
import type { LossWindow } from './loss-window.ts'
import { type CheckedOptions, checkAgentName, checkOptions, type RunOptions } from './options.ts'
import { handleExit } from './process-exit.ts'
import { startHost, type TestHooks } from './recording-host.ts'
import { RunClosing } from './run-closing.ts'
import { type ActorName, kindOf } from './topology.ts'

/** The counters of the trainer's channel are copied out this often while the event loop turns. */
const FIGURES_MILLIS = 500

/**
 * Starts a run: opens its log, starts the threads, and resolves when everything runs. Throws
 * USAGE for bad options, LOG_LOCKED when another process records into this directory,
 * CANNOT_CREATE, DISK_FULL, LOG_FOREIGN or LOG_CORRUPT when the log cannot be opened, and
 * ADDRESS_IN_USE when the page's port is taken. From then on nothing throws.
 */
export async function startRun(options: RunOptions): Promise<Run> {
  return start(checkOptions(options), { faults: false })
}

export async function start(options: CheckedOptions, hooks: TestHooks): Promise<Run> {
  // What is wrong with the place is said here, before any thread is started.
  if (options.live) checkListening({ ...options.live, runDir: options.dir })
  if (!(await isHeld(options.dir))) await checkRecordable(options.dir, hooks.freeBytesMin)
  const ring = createRing({ capacityBytes: options.ringBytes, ringId: randomInt(2 ** 32 - 1) })
  const cost = createCostWords()
  const figures = createIngressFigures()
  const lane = options.live === undefined ? undefined : createLane()
  const inlet = new RingInlet(ring, {
    clock: systemClock,
    policy:
      options.whenFull === 'block'
        ? { kind: 'block' }
        : {
            kind: 'spill',
            spillCountMax: limits.spillCountMax,
            spillBytesMax: limits.spillBytesMax,
          },
  })
  if (options.video) silenceEncoders()
  const host = startHost(options, hooks, { ring, cost, ingress: figures, lane })
  const detail = await host.started
  const shows = lane && { lane, isStuck: hooks.isLaneStuck }
  const { url } = (detail.broadcaster ?? {}) as { url?: string }
  const link = options.live?.token && url ? await makeLink(host, options.dir, url) : null
  return new Run(options, host, detail, inlet, cost, new IngressFigures(figures), shows, link)
}

/** A run that is being recorded. Made by `startRun`. */
export class Run {
  /** The run's directory. */
  readonly dir: string
  /** Where the page is; null without `live`. */
  readonly url: string | null
  /**
   * Under `live.token`: the page's address with a token that works once, for a streamer; null
   * otherwise. Whoever opens it first is let in; it is kept nowhere else. Not for logs.
   */
  readonly link: string | null
  /** The epoch of the log that this run writes. */
  readonly epoch: number
  readonly #host: HostClient
  readonly #ingress: Ingress
  readonly #lane: LanePublisher | undefined
  readonly #inlet: RingInlet
  readonly #guard: CostGuard
  readonly #cost: SharedArrayBuffer
  readonly #figures: IngressFigures
  readonly #options: CheckedOptions
  readonly #recorders = new Map<string, EpisodeRecorder>()
  /** Kinds of problems that the program knows of. */
  readonly #told = new Set<string>()
  readonly #timer: ReturnType<typeof setInterval>
  readonly #stopHandlingExit: () => void
  readonly #closing: RunClosing

  constructor(
    options: CheckedOptions,
    host: HostClient,
    detail: HostDetail,
    inlet: RingInlet,
    cost: SharedArrayBuffer,
    figures: IngressFigures,
    shows: Omit<LanePublisherOptions, 'onProblem'> | undefined,
    link: string | null,
  ) {
    const { epoch, nextEpisode, nextLayout } = detail.recorder as RecorderDetail
    this.dir = options.dir
    this.url = (detail.broadcaster as { url: string } | undefined)?.url ?? null
    this.link = link
    this.epoch = epoch
    this.#options = options
    this.#host = host
    this.#inlet = inlet
    this.#cost = cost
    this.#figures = figures
    this.#guard = new CostGuard(cost, performance.now())
    this.#ingress = new Ingress(inlet, { nextEpisode, nextLayout }, problem => this.#tell(problem))
    this.#lane =
      shows && new LanePublisher({ ...shows, onProblem: problem => this.#ingress.tell(problem) })
    this.#timer = setInterval(() => this.#houseKeep(), FIGURES_MILLIS)
    this.#timer.unref()
    host.unref()
    host.onStatus = status => this.#watch(status)
    host.onLate = actors => this.#tellLate(actors)
    host.onNote = ({ refused }) => this.#tellRefused(refused)
    if (host.status) this.#watch(host.status)
    const closing = new RunClosing({
      host,
      inlet,
      closeMillisMax: options.closeMillisMax,
      sayGoodbye: reason => this.#sayGoodbye(reason),
      cleanUp: () => this.#cleanUp(),
    })
    this.#closing = closing
    this.#stopHandlingExit = handleExit(options.handleSignals, {
      close: () => closing.close('signal'),
      closeSync: reason => closing.closeSync(reason),
    })
  }

  /**
   * The recorder of one environment or agent; the same one for the same name. Throws USAGE for a
   * name that is not 1 to 64 letters, digits and `._:-`.
   */
  recorder(agent = 'agent'): EpisodeRecorder {
    checkAgentName(agent)
    const known = this.#recorders.get(agent)
    if (known) return known
    const made = new EpisodeRecorder(this.#ingress, this.#guard, {
      agent,
      onEpisode: this.#options.onEpisode,
      lane: this.#lane,
      isFilmed: this.#options.video !== undefined,
    })
    this.#recorders.set(agent, made)
    return made
  }

  /**
   * What is not yet durable and would be lost if this process died now: bytes, events (at most),
   * and for how many milliseconds the oldest has waited.
   */
  get undurable(): LossWindow {
    return this.#ingress.loss.measure(this.#ingress.time.monotonic())
  }

  /**
   * True while more waits to become durable than `undurableMax` allows (100 ms, 2000 events or
   * 16 MiB): a trainer that must not lose more pauses then. Recording goes on in any case. When the
   * log has failed nothing waits any more; `onProblem` and `status` tell of that.
   */
  get wouldBlock(): boolean {
    const { bytes, events, millis } = this.undurable
    const max = this.#options.undurableMax
    return bytes > max.bytes || events > max.events || millis > max.millis
  }

  /**
   * Resolves to true when everything recorded so far is durable, to false when it is not within
   * `timeoutMillis` (default 5000), and when something came after the run's end.
   */
  async flush(timeoutMillis = 5_000): Promise<boolean> {
    const until = performance.now() + timeoutMillis
    while (!this.#inlet.flushSpill()) {
      if (performance.now() >= until) return false
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    const { writer } = this.#inlet
    // A wait on shared memory does not keep a program alive by itself.
    const keepAlive = setInterval(() => {}, 60_000)
    const left = Math.max(0, until - performance.now())
    const isDurable = await writer.waitReleasedAsync(writer.position, left)
    clearInterval(keepAlive)
    return isDurable && !this.#ingress.late
  }

  /** The state of every actor and channel, as of the last half second; undefined at first. */
  get status(): SystemNotice | undefined {
    return this.#host.status
  }

  /** What recording has cost this thread so far. */
  get cost(): CostFigures {
    return readCost(this.#cost, performance.now())
  }

  /** For fault tests; see `TestHooks`. */
  get host(): HostClient {
    return this.#host
  }

  /**
   * Ends open episodes, makes everything durable, stops all threads. Resolves within
   * `closeMillisMax`; throws what kept the run from a clean end. A second call does nothing more.
   */
  close(): Promise<void> {
    return this.#closing.close('closed')
  }

  #sayGoodbye(reason: 'closed' | 'exit' | 'signal'): void {
    for (const recorder of this.#recorders.values()) recorder.interrupt()
    this.#ingress.end(reason)
    this.#lane?.close()
  }

  #cleanUp(): void {
    clearInterval(this.#timer)
    this.#stopHandlingExit()
  }

  #houseKeep(): void {
    this.#inlet.flushSpill()
    this.#figures.write(this.#inlet.counters)
  }

  #watch({ healthy, problem, actors }: SystemNotice): void {
    if (!healthy) {
      this.#tellOnce(new RollcastError('LOG_FAILED', problem ?? 'the run is not healthy'))
    }
    for (const { name, state, reason } of actors) {
      if (name !== 'dataset' || reason === null || !state.startsWith('running')) continue
      const message = `the dataset is not made: ${reason}; the log keeps what it lacks`
      const temporary = state === 'running.lockedOut'
      this.#tellOnce(new RollcastError('UNAVAILABLE', message, { temporary }))
    }
  }

  /** The first episode that the dataset cannot take: there may be many, and the log says it of each. */
  #tellRefused(refused: unknown): void {
    if (typeof refused !== 'string') return
    const message = `not in the dataset: ${refused}; of each that is not the log says why (episode_refused)`
    this.#tellOnce(new RollcastError('BAD_INPUT', message), 'refused')
  }

  /** Without video an encoder counts frames, which others do later. */
  #tellLate(actors: readonly ActorName[]): void {
    const { video, dataset } = this.#options
    const late = actors.filter(name => (kindOf(name) === 'encoder' ? video : name === 'dataset'))
    if (late.length === 0) return
    const message =
      `closed before ${late.join(', ')} had finished: what is missing is made when the run goes on` +
      (dataset ? ', or by `rollcast export lerobot`' : '') +
      `; closeMillisMax was ${this.#options.closeMillisMax}`
    this.#ingress.tell(new RollcastError('TIMEOUT', message, { temporary: true }))
  }

  /** Only the first of a kind is told. */
  #tellOnce(problem: RollcastError, kind = problem.message): void {
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    this.#ingress.tell(problem)
  }

  #tell(problem: RollcastError): void {
    if (this.#options.onProblem) this.#options.onProblem(problem)
    else process.emitWarning(`${problem.code}: ${problem.message}`, { type: 'RollcastWarning' })
  }
}
