// One simulated operating-system process: the trainer, the real host, and the real actors that it
// spawns, each in a simulated thread. It ends clean, or dies as a whole at any instant.
import { aggregatorOver } from '../../src/actors/aggregator/actor.ts'
import { broadcasterIn } from '../../src/actors/broadcaster/actor.ts'
import { encoderOver } from '../../src/actors/encoder/actor.ts'
import { recorderIn } from '../../src/actors/recorder/actor.ts'
import type { RecorderDetail } from '../../src/actors/recorder/contract.ts'
import { type ActorDefinition, runActor } from '../../src/actors/run-actor.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { restartLimits } from '../../src/machines/restart-intensity.ts'
import { encodeEvent } from '../../src/protocol/codec.ts'
import type {
  ActorStart,
  CrashKind,
  HistoryAnswer,
  HistoryQuery,
} from '../../src/protocol/thread-messages.ts'
import { answerQuery, openRun } from '../../src/replay/history.ts'
import { Host } from '../../src/runtime/host.ts'
import type { Previews } from '../../src/runtime/host-links.ts'
import type { Problem } from '../../src/runtime/host-messages.ts'
import type { ActorHandle } from '../../src/runtime/spawn.ts'
import { type ActorKind, recordingTopology } from '../../src/runtime/topology.ts'
import type { LogReader, LogWriter } from '../../src/store/event-log.ts'
import { StorageReader } from '../../src/store/log-reader.ts'
import { type OpenLog, type OpenOptions, openHeld } from '../../src/store/open-log.ts'
import { fenceReader } from '../../src/streams/ring/reader.ts'
import { ActorLine } from './actor-line.ts'
import { SimStorage } from './disk.ts'
import type { Append } from './evidence.ts'
import { Life } from './life.ts'
import { SimPort } from './ports.ts'
import { SimTrainer } from './trainer.ts'
import type { SimGateway } from './viewers.ts'
import type { World } from './world.ts'

export const CLOSE_MILLIS_MAX = 5_000
const PID = 4711
/** Half of the processes keep every episode. */
const KEEP_RULES = [undefined, undefined, 'terminated', 'best(2) or worst(1)']

/** Viewers here want no pictures. */
const nobody: Previews = {
  onLost() {},
  connect: (_channel, port) => port.close(),
  start() {},
  stop() {},
  counters: () => [],
}

export class SimProcess {
  readonly number: number
  readonly trainer: SimTrainer
  readonly lives: Life[] = []
  /** The newest life of each actor. */
  readonly actors = new Map<ActorKind, Life>()
  gateway: SimGateway | undefined
  /** Why it ended; null after a clean end, undefined while it runs. */
  ended: Problem | null | undefined
  /** The log has failed and is read-only. */
  sealed = false
  started = false
  closing = false
  crashed = false
  /** Of the log, in this process. */
  firstEpoch: number | undefined
  /** The writer that is open, if any. */
  writer: { readonly life: Life; readonly writer: LogWriter } | undefined
  readonly #world: World
  readonly #host: Host
  readonly #hostLife: Life
  readonly #trainerLife: Life
  #resurrected = false
  readonly #started = new Set<string>()
  readonly #crashes = new Map<Life, (how: CrashKind) => void>()

  constructor(world: World, number: number) {
    this.#world = world
    this.number = number
    this.#hostLife = this.#newLife('host', error => world.violate('P11', `host: ${error}`))
    this.#trainerLife = this.#newLife('trainer', error => world.violate('P9', `trainer: ${error}`))
    const ringBytes = 1 << world.script.between(14, 16)
    this.trainer = new SimTrainer(world, this.#trainerLife, number, ringBytes)
    this.#host = this.#newHost()
    this.#hostLife.enter(() => this.#host.start())
  }

  /** Ends the run as a program does: open episodes first, then everything else. */
  close(): void {
    if (this.closing || this.crashed) return
    this.closing = true
    this.#trainerLife.enter(() => {
      void this.trainer.sayGoodbye().then(() => this.#hostLife.enter(() => this.#host.close()))
    })
  }

  /** Dies at once, with every thread. */
  crash(): void {
    if (this.crashed) return
    this.crashed = true
    for (const life of this.lives) life.die()
    this.#world.disk.processDied()
  }

  crashActor(kind: ActorKind, how: CrashKind): void {
    const life = this.actors.get(kind)
    if (life) this.#crashes.get(life)?.(how)
  }

  #newLife(name: string, onUncaught: (error: unknown) => void): Life {
    const life = new Life(`${name}/${this.number}`, this.#world, onUncaught)
    this.lives.push(life)
    this.#world.evidence.lives.push(life)
    return life
  }

  #newHost(): Host {
    const { script } = this.#world
    const world = this.#world
    const clock = this.#hostLife.clock
    const reader = { check: false, readOnly: false }
    const runDir = '/run'
    const encoderPlacement = script.pick(['thread', 'process'] as const)
    const durability = script.pick(['group', 'group', 'sync'] as const)
    const keep = script.pick(KEEP_RULES)
    return new Host({
      topology: recordingTopology({ live: true, encoderPlacement, logPlacement: 'thread' }),
      configs: {
        recorder: {
          ...{ runDir, ring: this.trainer.ring, durability, software: 'simulation' },
          run: { id: 'run', name: 'run', config: undefined, keep },
        },
        encoder: { runDir, reader, lagWarning: 1000 },
        aggregator: { runDir, reader, task: 'record' },
        broadcaster: {
          ...{ runDir, reader, pageDir: '/page' },
          queuedBytesMax: world.plant.boundless ? Number.POSITIVE_INFINITY : world.viewerBytesMax,
        },
      },
      clock,
      random: world.timing.random,
      spawn: (kind, start) => this.#spawn(kind, start),
      openChannel: () => this.#openChannel(),
      closeMillisMax: CLOSE_MILLIS_MAX,
      faults: true,
      trainerCost: () => this.trainer.cost,
      answer: query => this.#answer(query as HistoryQuery),
      previews: nobody,
      onCutOff: name => {
        if (name === 'recorder') fenceReader(this.trainer.ring)
      },
      onStarted: detail => {
        this.started = true
        const told = detail.recorder as RecorderDetail
        this.#trainerLife.enter(() => this.trainer.begin(told))
      },
      onNote: facts => {
        if ('sealed' in facts) this.sealed = facts['sealed'] !== null
      },
      onStatus: status => world.evidence.tell(`host/${this.number}`, status.durable),
      log: (_level, fields, message) => world.note(`${message} ${describe(fields)}`),
      onLate: names => world.note(`process ${this.number}: ${names.join()} had not finished`),
      onEnded: problem => {
        this.ended = problem
        world.note(`process ${this.number} ended: ${problem?.message ?? 'clean'}`)
      },
    })
  }

  #openChannel(): { port1: SimPort; port2: SimPort } {
    const port1 = new SimPort(this.#world, this.#hostLife)
    const port2 = new SimPort(this.#world, this.#hostLife)
    port1.other = port2
    port2.other = port1
    this.#world.evidence.ports.push(port1, port2)
    return { port1, port2 }
  }

  #answer(query: HistoryQuery): Promise<HistoryAnswer> {
    const reader = new StorageReader(new SimStorage(this.#world, this.#hostLife))
    return new Promise(resolve => {
      this.#hostLife.clock.schedule(this.#world.timing.between(1, 20), () =>
        resolve(answerQuery(openRun(reader), '/nonexistent', query)),
      )
    })
  }

  // --- actors ----------------------------------------------------------------------------------

  #spawn(kind: ActorKind, start: ActorStart): ActorHandle {
    const world = this.#world
    let ended = false
    const end = (error: Error | undefined): void => {
      if (ended) return
      ended = true
      world.note(`${life.name} is gone${error ? `: ${error.message}` : ''}`)
      // The host hears of it after everything that was reported before.
      world.clock.schedule(world.timing.between(0, 8), () =>
        this.#hostLife.enter(() => line.ended(error)),
      )
    }
    const die = (error: Error | undefined): void => {
      if (life.dead) return
      life.die()
      if (world.plant.resurrects) this.#resurrect(kind, start)
      end(error)
    }
    const life = this.#newLife(`${start.name}.${start.restarts}`, error => {
      die(error instanceof Error ? error : new Error(String(error)))
    })
    life.onDeath(() => this.#crashes.delete(life))
    this.actors.set(kind, life)
    this.#crashes.set(life, how => {
      world.note(`${life.name} dies: ${how}`)
      if (how === 'hang') life.freeze()
      else die(how === 'throw' ? new Error('planted fault') : undefined)
    })
    const line = new ActorLine(world, this.#hostLife, life)
    const isRestart = start.restarts > 0 || this.#started.has(start.name)
    this.#started.add(start.name)
    world.evidence.starts.push({ process: this.number, at: world.clock.monotonic(), isRestart })
    world.clock.schedule(world.timing.between(3, 40), () =>
      life.enter(() => {
        const endpoint = line.endpoint(start, error => {
          life.clock.schedule(0, () => die(error as Error | undefined))
        })
        runActor(endpoint, this.#definition(kind, life), life.clock)
      }),
    )
    return {
      command: command => line.command(command),
      onReport: listener => line.onReport(listener),
      onEnd: listener => line.onEnd(listener),
      kill: () => world.clock.schedule(1, () => die(undefined)),
    }
  }

  /** For a plant: starts that no supervisor has asked for. */
  #resurrect(kind: ActorKind, start: ActorStart): void {
    if (kind !== 'encoder' || this.#resurrected) return
    this.#resurrected = true
    for (let i = 0; i <= restartLimits.restartsMax; i++) this.#spawn(kind, start)
  }

  #definition(kind: ActorKind, life: Life): ActorDefinition<unknown> {
    const openReader = (): LogReader => this.#openReader(life)
    const definitions = {
      recorder: () =>
        recorderIn({
          pid: PID,
          openLog: (_dir, options) => this.#openLog(life, options ?? {}),
          waitForData: (ring, timeoutMillis) =>
            this.trainer.waitForData(
              life,
              () => ring.hasData() || ring.producerClosed,
              timeoutMillis,
            ),
        }),
      encoder: () => encoderOver(openReader),
      aggregator: () => aggregatorOver(openReader),
      broadcaster: () =>
        broadcasterIn({ openReader, openGateway: async ({ hub }) => this.#openGateway(life, hub) }),
    } as const
    return definitions[kind as keyof typeof definitions]() as ActorDefinition<unknown>
  }

  #openReader(life: Life): LogReader {
    const { plant } = this.#world
    const { readBatches } = this.#world.evidence
    const reader = new StorageReader(new SimStorage(this.#world, life))
    // One that has nothing in it yet is a log too.
    const { epoch } = this.#world.disk.memory
    if (epoch === 0) throw new RollcastError('NOT_FOUND', '/run: there is no log')
    const batches = reader.batches.bind(reader)
    reader.batches = function* (range) {
      for (const found of batches(range)) {
        const records = plant.readBatch?.(found.records) ?? found.records
        const batch = { ...found, records }
        readBatches.push({ firstSeq: batch.firstSeq, records })
        yield batch
      }
    }
    return reader
  }

  async #openGateway(life: Life, hub: SimGateway['hub']) {
    const gateway = { hub, life }
    this.gateway = gateway
    const gone = (): void => {
      if (this.gateway === gateway) this.gateway = undefined
    }
    life.onDeath(gone)
    const stop = (): Promise<void> => {
      gone()
      return hub.stop()
    }
    if (this.#world.plant.recordsViewers) this.#recordViewers(hub)
    return { port: 7788, url: 'http://127.0.0.1:7788/', stop }
  }

  /** For a plant: what viewers must never be able to do. */
  #recordViewers(hub: SimGateway['hub']): void {
    const attach = hub.attach.bind(hub)
    hub.attach = socket => {
      const viewer = attach(socket)
      const event = { type: 'insight_given', kind: 'viewer', data: 1 } as const
      const records = encodeEvent(event, this.#world.clock.now())
      const { writer } = this.writer ?? {}
      writer?.append({
        producer: 'viewer',
        position: this.#world.sockets.length,
        records,
        count: 1,
      })
      return viewer
    }
  }

  // --- the log ---------------------------------------------------------------------------------

  /** The lock is the host's, and lives and dies with this process: a recorder meets the fence only. */
  async #openLog(life: Life, options: OpenOptions): Promise<OpenLog> {
    const storage = new SimStorage(this.#world, life)
    const opened = await openHeld(storage, options, async () => {})
    this.firstEpoch ??= opened.report.epoch
    return this.#watched(life, opened)
  }

  /** The log, and every writer that it goes on with. */
  #watched(life: Life, log: OpenLog): OpenLog {
    this.#watchWriter(life, log.writer)
    const { again } = log
    return again ? { ...log, again: async () => this.#watched(life, await again()) } : log
  }

  /** Notes what is handed to the log and what it answers. */
  #watchWriter(life: Life, writer: LogWriter): void {
    const { evidence, clock, plant } = this.#world
    const append = writer.append.bind(writer)
    this.writer = { life, writer }
    writer.append = given => {
      const contribution = plant.append?.(given) ?? given
      const before = writer.position(contribution.producer) ?? 0
      const answer = append(contribution)
      const isHosts = contribution.producer.startsWith('host:')
      const appended = (isHosts && plant.appended?.(answer)) || answer
      const { firstSeq, count, duplicate, durable } = appended
      const entry: Append = {
        ...{ life, epoch: writer.epoch, contribution, before, firstSeq, count, duplicate },
        at: clock.monotonic(),
        process: this,
        settled: undefined,
      }
      evidence.appended(entry)
      durable.then(
        () => evidence.acknowledged(entry),
        () => {
          entry.settled = 'rejected'
        },
      )
      return appended
    }
  }
}

const describe = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
