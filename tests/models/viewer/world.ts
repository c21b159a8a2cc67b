// A hub with its viewers beside a model of what each of them must have been sent: rows of the index,
// milestones and insights without a hole, across stalls, reconnects and new epochs; the newest of everything
// else; an answer to every question. A viewer reads when the test says so.
import { SimulatedClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import { Hub } from '../../../src/gateway/hub.ts'
import type { History } from '../../../src/gateway/publication.ts'
import { limits } from '../../../src/protocol/limits.ts'
import type { EpisodeRow, Milestone } from '../../../src/protocol/projection.ts'
import {
  beganOf,
  frameOf,
  insightOf,
  materialOf,
  milestoneOf,
  projectionOf,
  rowOf,
  steppedOf,
  systemOf,
  TestStage,
} from '../../gateway/stage.ts'
import type { Invariants } from '../campaign.ts'
import { Client } from './client.ts'
import type { SlowSocket } from './slow-socket.ts'

const VIEWERS = 3
const STEP_MILLIS = 60
const SYSTEM_MILLIS = 500
const AGENTS = ['agent-0', 'agent-1']

export interface ViewerPlants {
  /** What stands between the hub and a socket. */
  readonly plantSocket?: (socket: SlowSocket) => SlowSocket
  /** A hub that keeps to no bound for all viewers together. */
  readonly boundless?: boolean
}

export interface ViewerWorldOptions extends ViewerPlants {
  readonly queuedBytesMax?: number | undefined
}

export class ViewerWorld {
  readonly #clock = new SimulatedClock()
  readonly #stage = new TestStage()
  readonly #invariants: Invariants
  readonly #plants: ViewerPlants
  readonly #queuedBytesMax: number | undefined
  readonly #hub: Hub
  readonly #clients: readonly Client[]
  readonly #sockets: SlowSocket[] = []
  #epoch = 1
  #seq = 1
  #episode = 0
  readonly #steps = new Map<string, number>()
  /** Everything that has happened, and how much of it the aggregator has told. */
  readonly #rows: EpisodeRow[] = []
  readonly #milestones: Milestone[] = []
  #projectedSeq = 0
  #insights = 0
  #answers: ((fail: boolean) => void)[] = []

  constructor(invariants: Invariants, options: ViewerWorldOptions = {}) {
    const { queuedBytesMax, ...plants } = options
    this.#invariants = invariants
    invariants.begin()
    this.#plants = plants
    this.#stage.agents = AGENTS
    this.#hub = new Hub({
      ...{ clock: this.#clock, stage: this.#stage, history: this.#history() },
      queuedBytesMax: plants.boundless ? Number.POSITIVE_INFINITY : queuedBytesMax,
    })
    this.#queuedBytesMax = queuedBytesMax
    this.#clients = Array.from({ length: VIEWERS }, () => new Client(invariants))
  }

  /** The log, which answers when the test says so. */
  #history(): History {
    const later = <T>(answer: T): Promise<T> =>
      new Promise((resolve, reject) => {
        this.#answers.push(fail =>
          fail ? reject(new RollcastError('NOT_FOUND', 'planted')) : resolve(answer),
        )
      })
    return {
      episodes: () => later({ rows: this.#rows.slice(-3), next: null }),
      episode: episode => later({ material: materialOf(episode, 5) }),
      frames: () => later({ frames: [], next: null }),
      frame: () => later({ frame: null }),
    }
  }

  #client = (index: number): Client => this.#clients[index % VIEWERS]!

  #next(): { epoch: number; seq: number } {
    this.#stage.position = { epoch: this.#epoch, seq: ++this.#seq }
    return this.#stage.position
  }

  /** A run that goes on for a while already, with somebody who watches. */
  async warmUp(): Promise<void> {
    await this.project(1)
    await this.step(0, 3)
    await this.connect(0, 'newest', false)
    await this.busy(3)
    await this.pass(SYSTEM_MILLIS)
    await this.everybodyReads()
  }

  connect(index: number, delivery: string, resume: boolean): Promise<void> {
    this.#client(index).connect(
      socket => {
        this.#sockets.push(socket)
        this.#hub.attach(this.#plants.plantSocket?.(socket) ?? socket)
      },
      { delivery },
      resume,
    )
    return this.#settle()
  }

  everybodyReads(): Promise<void> {
    for (const { socket } of this.#clients) socket?.read(Number.POSITIVE_INFINITY)
    return this.#settle()
  }

  hangUp(index: number): Promise<void> {
    this.#client(index).socket?.hangUp()
    return this.#settle()
  }

  read(index: number, count: number): Promise<void> {
    this.#client(index).socket?.read(count)
    return this.#settle()
  }

  prefer(index: number, preferences: Parameters<Client['prefer']>[0]): Promise<void> {
    this.#client(index).prefer(preferences)
    return this.#settle()
  }

  ask(index: number, kind: Parameters<Client['ask']>[0]): Promise<void> {
    this.#client(index).ask(kind, this.#episode)
    return this.#settle()
  }

  answer(fail: boolean): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer(fail)
    return this.#settle()
  }

  /** So many steps of an agent; the episode begins with the first. */
  step(agent: number, count: number): Promise<void> {
    const name = AGENTS[agent % 2]!
    for (let i = 0; i < count; i++) {
      if (!this.#stage.openEpisodes.has(name)) {
        this.#next()
        const began = beganOf(++this.#episode, name)
        this.#stage.openEpisodes.set(name, began)
        this.#steps.set(name, 0)
        this.#hub.publish([began])
      }
      const { episode } = this.#stage.openEpisodes.get(name)!
      const step = this.#steps.get(name)!
      this.#steps.set(name, step + 1)
      const position = this.#next()
      this.#hub.publish([{ ...steppedOf(episode, step, position.seq, name), position }])
      this.#hub.showFrame({ ...frameOf(step, 12, name), episode })
      this.#clock.advance(STEP_MILLIS)
    }
    return this.#settle()
  }

  end(agent: number): Promise<void> {
    const name = AGENTS[agent % 2]!
    const open = this.#stage.openEpisodes.get(name)
    if (open) this.#end(name, open.episode)
    return this.#settle()
  }

  #end(agent: string, episode: number): void {
    const { seq } = this.#next()
    this.#stage.openEpisodes.delete(agent)
    const ended = this.#stage.finish(episode, this.#steps.get(agent) ?? 1, agent)
    if (this.#stage.finished.length > 20) this.#stage.finished.shift()
    this.#rows.push(rowOf(episode, { agent, lastSeq: seq }))
    if (episode % 3 === 0) this.#milestones.push(milestoneOf(episode, this.#next().seq))
    this.#hub.publish([ended])
  }

  /** A long while passes: episodes end, and the aggregator tells of each. */
  async busy(episodes: number): Promise<void> {
    for (let i = 0; i < episodes; i++) {
      this.#steps.set('agent-0', 1)
      this.#end('agent-0', ++this.#episode)
      this.#project(1)
    }
    this.#stage.openEpisodes.delete('agent-0')
    await this.#settle()
  }

  /** Small messages, or ones that fill a socket. */
  insights(count: number, bytes: number): Promise<void> {
    const text = 'x'.repeat(bytes)
    for (let i = 0; i < count; i++) {
      this.#hub.publish([insightOf({ number: ++this.#insights, text }, { bytes })])
    }
    return this.#settle()
  }

  project(share: number): Promise<void> {
    this.#project(share)
    return this.#settle()
  }

  /** The aggregator tells how far it came; it may lag behind what was shown. */
  #project(share: number): void {
    const seq = this.#projectedSeq + Math.ceil(share * (this.#seq - this.#projectedSeq))
    this.#projectedSeq = seq
    const episodes = this.#rows.filter(row => row.lastSeq <= seq)
    const milestones = this.#milestones.filter(one => one.seq <= seq)
    const totals = { ...projectionOf(0).totals, episodes: episodes.length }
    const projection = projectionOf(seq, {
      ...{ epoch: this.#epoch, episodes: episodes.slice(-500), totals },
      milestones: milestones.slice(-200),
    })
    this.#hub.showProjection({ projection, changedMetrics: [] })
  }

  tell(): Promise<void> {
    this.#tell()
    return this.#settle()
  }

  /** The host tells how everything is, as it does all the time. */
  #tell(): void {
    this.#hub.showSystem(systemOf({ newest: this.#stage.position }))
  }

  /** The recorder died; the next one numbers on in another epoch. */
  newEpoch(): Promise<void> {
    this.#epoch++
    this.#stage.openEpisodes.clear()
    this.#next()
    this.#hub.publish([{ kind: 'restarted' }])
    this.#project(1)
    return this.#settle()
  }

  async pass(millis: number): Promise<void> {
    for (let passed = 0; passed < millis; passed += 100) {
      this.#clock.advance(Math.min(100, millis - passed))
      if (passed % SYSTEM_MILLIS === 0) this.#tell()
      await this.#settle()
    }
  }

  async #settle(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    this.#invariants.rethrow()
    const held = new Set(this.#sockets.flatMap(socket => socket.held))
    const sum = [...held].reduce((sum, { frame }) => sum + frame.byteLength, 0)
    const max = this.#queuedBytesMax ?? limits.viewersBufferBytesMax
    this.#invariants.holds(20, sum <= max, () => `${sum} B wait for all viewers`)
    const { queuedBytes } = this.#hub.counters
    this.#invariants.holds(20, sum <= queuedBytes, () => `of ${sum} B ${queuedBytes} count`)
  }

  /** Everybody reads all there is, the log answers, time passes: now nobody may miss anything. */
  async calm(): Promise<void> {
    for (let rounds = 0; rounds < 5; rounds++) {
      await this.answer(false)
      await this.everybodyReads()
      await this.pass(500)
    }
    await this.everybodyReads()
    for (const client of this.#clients) if (client.connected) this.#judge(client)
  }

  #judge(client: Client): void {
    const { rows, milestones, insights, asked, socket } = client
    this.#invariants.holds(12, client.established, () => 'a viewer was never greeted')
    const read = socket?.unread === 0 || socket?.closedWith !== null
    this.#invariants.holds(12, read, () => `${socket?.unread} messages were held back`)
    const told = this.#rows.filter(row => row.lastSeq <= this.#projectedSeq)
    this.#noHole(
      'row',
      told.map(row => row.episode),
      rows,
    )
    const reached = this.#milestones.filter(one => one.seq <= this.#projectedSeq)
    this.#noHole(
      'milestone',
      reached.map(one => one.value),
      milestones,
    )
    // Who starts over holds none of those before.
    const given = Array.from({ length: this.#insights }, (_, i) => i + 1)
    if (insights.size > 0) this.#noHole('insight', given, insights)
    const waiting = [...asked.keys()]
    this.#invariants.holds(12, waiting.length === 0, () => `no answer to ${waiting}`)
  }

  /** From the oldest that it holds on it holds everything, and the newest in any case. */
  #noHole(what: string, all: readonly number[], held: ReadonlySet<number>): void {
    const first = all.findIndex(one => held.has(one))
    const missing = all.slice(Math.max(0, first)).filter(one => !held.has(one))
    const whole = all.length === 0 || (first >= 0 && missing.length === 0)
    this.#invariants.holds(12, whole, () => `${what}s ${missing.slice(0, 5)} are missing`)
  }

  async finish(): Promise<void> {
    await this.calm()
    for (const { socket } of this.#clients) socket?.hangUp()
    await this.#settle()
    const { viewers, queuedBytes, crowdedOut } = this.#hub.counters
    if (crowdedOut > 0) this.#invariants.saw('crowded')
    this.#invariants.holds(20, viewers === 0, () => `${viewers} viewers were forgotten`)
    this.#invariants.holds(20, queuedBytes === 0, () => `${queuedBytes} B wait for nobody`)
    await this.pass(2_000)
    const { pending } = this.#clock
    this.#invariants.holds(20, pending === 0, () => `${pending} timers for nobody`)
  }
}
