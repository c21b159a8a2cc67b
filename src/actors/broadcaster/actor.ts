// The broadcaster: folds the live feed, the aggregator's projections and the host's notices into
// what viewers see, and passes their questions about the past on. It loses what it has no time
// for; the log has everything.
import { RollcastError } from '../../base/errors.ts'
import { Hub } from '../../gateway/hub.ts'
import { type Behind, type Gateway, openGateway } from '../../gateway/server.ts'
import { type BroadcasterEvent, broadcasterMachine } from '../../machines/broadcaster.machine.ts'
import type {
  HistoryAnswer,
  HistoryQuery,
  LiveBatch,
  LiveFrame,
  ProjectionNotice,
  SystemNotice,
} from '../../protocol/thread-messages.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import { FrameFeed } from './frame-feed.ts'
import { HistoryClient } from './history-client.ts'
import { LiveFeed } from './logic.ts'
import { openStills, type StillClient } from './still-client.ts'

export interface BroadcasterConfig {
  /** Null while no run is there yet. */
  readonly runDir: string | null
  /** How to open the log, for layouts that were declared before this actor was there. */
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  /** The folder of the built page. */
  readonly pageDir: string
  /** Where the trainer shows its newest frames; left out for what is played from a log. */
  readonly lane?: SharedArrayBuffer | undefined
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Default 7788; 0 takes a free one, another one after each restart. */
  readonly port?: number
  /** Whether viewers need a token. Default false. */
  readonly token?: boolean
  /** Bytes that may wait for all viewers together. Default 256 MiB. */
  readonly queuedBytesMax?: number
  /** Served behind a front, in place of host, port and token. */
  readonly behind?: Behind | undefined
}

/** How long one that starts again waits for the trainer to do something before it asks the log. */
const QUIET_MILLIS = 250
/** How soon after the last time the log is asked for layouts again. */
const LAYOUTS_MILLIS = 1000

/** What a broadcaster needs of the world around it; a simulation hands in another one. */
export interface BroadcasterWorld {
  readonly openGateway: typeof openGateway
  readonly openReader: OpenReader
}

export const broadcasterIn = (world: BroadcasterWorld): ActorDefinition<BroadcasterConfig> => ({
  machine: broadcasterMachine,
  create: scope => new Broadcaster(scope, world),
})

export const broadcaster = broadcasterIn({ openGateway, openReader: openLogReader })

class Broadcaster implements ActorInstance {
  readonly #scope: ActorScope<BroadcasterConfig>
  readonly #world: BroadcasterWorld
  readonly #feed = new LiveFeed()
  readonly #history: HistoryClient
  readonly #stills: StillClient | undefined
  readonly #hub: Hub
  readonly #frames: FrameFeed | undefined
  #gateway: Gateway | undefined
  #layoutsAt = Number.NEGATIVE_INFINITY
  #cancelRecall = (): void => {}

  constructor(scope: ActorScope<BroadcasterConfig>, world: BroadcasterWorld) {
    this.#scope = scope
    this.#world = world
    const { clock } = scope
    const queries = scope.sends.includes('broadcaster.queries')
      ? scope.sender<HistoryQuery>('broadcaster.queries', { sizeOf: () => 128 })
      : undefined
    this.#history = new HistoryClient(clock, query => queries?.offer(query) === 'accepted')
    this.#stills = openStills(scope)
    this.#hub = new Hub({
      ...{ clock, stage: this.#feed, history: this.#history },
      makeStill: this.#stills?.make,
      queuedBytesMax: scope.config.queuedBytesMax,
      onAudience: viewers => this.#watch(viewers > 0),
    })
    this.#frames = this.#openFrames()
  }

  readonly commands = {
    open: () => this.#open(),
    run: () => this.#run(),
    close: () => this.#close(),
  }

  detail(): unknown {
    return { url: this.#gateway?.url, port: this.#gateway?.port }
  }

  lag(): null {
    return null
  }

  heartbeat(): unknown {
    const previews = this.#hub.previews.counters
    return { ...this.#hub.counters, ...this.#feed.counters, previews }
  }

  async #open(): Promise<{ type: 'opened' }> {
    const { pageDir, runDir, host, port, token, behind } = this.#scope.config
    this.#gateway = await this.#world.openGateway({
      ...{ hub: this.#hub, pageDirectory: pageDir, runDir },
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(token === undefined ? {} : { token }),
      ...(behind === undefined ? {} : { behind }),
    })
    return { type: 'opened' }
  }

  #run(): undefined {
    const { receive } = this.#scope
    for (const source of ['recorder', 'player']) {
      receive<LiveBatch>(`${source}.live`, batch => this.#takeBatch(batch))
    }
    receive<LiveFrame>('player.frames', frame => this.#showFrame(frame))
    receive<LiveFrame>('recorder.frames', frame => {
      if (this.#frames) this.#frames.takeFromLog(frame)
      else this.#showFrame(frame)
    })
    receive<ProjectionNotice>('aggregator.projection', notice => this.#hub.showProjection(notice))
    receive<SystemNotice>('host.system', notice => this.#takeSystem(notice))
    receive<HistoryAnswer>('host.answers', answer => this.#history.take(answer))
    const { clock, restarts, fail } = this.#scope
    if (restarts > 0 && this.#frames) {
      this.#cancelRecall = clock.schedule(QUIET_MILLIS, () => this.#recall().catch(fail))
    }
    return undefined
  }

  /** One that has died knows nothing, and a trainer that pauses brings nothing: the log does. */
  async #recall(): Promise<void> {
    if (!this.#feed.isBlank) return
    // Without an answer the stage is set by what the trainer does next; so it is when that came first.
    const answer = await this.#history.newest().catch(() => undefined)
    if (!this.#feed.isBlank) return
    for (const batch of answer?.batches ?? []) this.#publish(batch)
  }

  async #takeBatch(batch: LiveBatch): Promise<void> {
    this.#publish(batch)
    if (this.#feed.needsLayouts) await this.#loadLayouts()
  }

  #publish(batch: LiveBatch): void {
    const replayed = batch.mode === 'replay'
    if (replayed !== (this.#feed.mode === 'replay')) {
      this.#tell({ type: 'modeChosen', mode: replayed ? 'replay' : 'auto' })
    }
    this.#hub.publish(this.#feed.fold(batch))
    for (const { camera, time } of this.#feed.takeFramed()) this.#frames?.noteRecorded(camera, time)
  }

  #openFrames(): FrameFeed | undefined {
    const { clock, config, fail } = this.#scope
    const { lane } = config
    if (lane === undefined) return undefined
    return new FrameFeed({
      ...{ clock, lane, onError: fail },
      cameras: () => this.#feed.cameras,
      wantedFps: () => {
        const wanted = this.#hub.wantedFps()
        return camera => (this.#hub.shows(camera) ? (wanted.get(camera.agent) ?? 0) : 0)
      },
      show: (frame, onReleased) => this.#showFrame(frame, onReleased),
    })
  }

  #watch(watched: boolean): void {
    if (this.#frames) this.#frames.watched = watched
  }

  #showFrame(frame: LiveFrame, onReleased?: () => void): void {
    this.#feed.noteFrames(frame.agent)
    this.#hub.showFrame(frame, onReleased)
  }

  #takeSystem(notice: SystemNotice): void {
    if (!notice.trainerAttached) this.#feed.noteTrainerLeft()
    this.#tell({ type: notice.trainerAttached ? 'trainerAttached' : 'trainerLeft' })
    this.#hub.showSystem(notice)
  }

  #tell(event: BroadcasterEvent): void {
    this.#scope.send(event)
  }

  /** Without layouts steps cannot be read; they are passed over until the log tells them. */
  async #loadLayouts(): Promise<void> {
    const { clock } = this.#scope
    const { runDir, reader: options } = this.#scope.config
    const now = clock.monotonic()
    if (runDir === null || now - this.#layoutsAt < LAYOUTS_MILLIS) return
    this.#layoutsAt = now
    try {
      const reader = this.#world.openReader(runDir, options)
      this.#feed.learn(reader.layouts().all())
      await reader.close()
    } catch (error) {
      // A log that cannot be read now is asked again; meanwhile unread events are counted.
      if (!(error instanceof RollcastError)) throw error
    }
  }

  async #close(): Promise<undefined> {
    this.#cancelRecall()
    this.#history.close()
    this.#stills?.close()
    this.#frames?.close()
    await this.#gateway?.stop()
    return undefined
  }
}
