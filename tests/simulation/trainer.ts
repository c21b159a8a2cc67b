// The trainer's side of a simulated process: the real recorders of episodes, ingress, inlet and
// ring, and a note of every record that got onto the ring, in order, as the writer put it there.
import { CostGuard, createCostWords, readCost } from '../../src/runtime/cost-guard.ts'
import { EpisodeRecorder } from '../../src/runtime/episode-recorder.ts'
import type { TrainerCost } from '../../src/runtime/host-status.ts'
import { Ingress } from '../../src/runtime/ingress.ts'
import { ingressSpec } from '../../src/runtime/topology.ts'
import { RingInlet } from '../../src/streams/ring/inlet.ts'
import { createRing } from '../../src/streams/ring/layout.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

const FIGURES_MILLIS = 500

/** A record on the ring: where it ends, its tag and its body. */
export interface Emitted {
  readonly end: number
  readonly tag: number
  readonly body: Uint8Array
}

export class SimTrainer {
  readonly ring: SharedArrayBuffer
  readonly inlet: RingInlet
  readonly emitted: Emitted[] = []
  readonly #world: World
  readonly #life: Life
  readonly #cost = createCostWords()
  readonly #sleepers = new Set<() => void>()
  #ingress: Ingress | undefined
  #recorders: EpisodeRecorder[] = []
  /** Calls that took virtual time: none may (P9). */
  slowCalls = 0

  constructor(world: World, life: Life, ringId: number, capacityBytes: number) {
    this.#world = world
    this.#life = life
    this.ring = createRing({ capacityBytes, ringId })
    this.inlet = new RingInlet(this.ring, {
      clock: life.clock,
      policy: { kind: 'spill', spillCountMax: 64, spillBytesMax: capacityBytes },
    })
    this.#watchRing()
  }

  get cost(): TrainerCost {
    const figures = readCost(this.#cost, this.#life.clock.monotonic())
    const { name, countMax, bytesMax } = ingressSpec
    const spec = { name, policy: 'spill', countMax, bytesMax }
    return { ...figures, channel: { ...spec, ...this.inlet.counters }, lane: null }
  }

  /** The actors run: recording can begin. */
  begin(start: { readonly nextEpisode: number; readonly nextLayout: number }): void {
    const { clock } = this.#life
    const time = { origin: clock.now() - clock.monotonic(), monotonic: () => clock.monotonic() }
    this.#ingress = new Ingress(this.inlet, { ...start, time }, () => {})
    const guard = new CostGuard(this.#cost, clock.monotonic())
    // Every third program makes no video of the cameras that are new in it.
    const isFilmed = (this.#world.seed + this.#world.processes) % 3 > 0
    this.#recorders = ['a', 'b'].map(
      agent => new EpisodeRecorder(this.#ingress!, guard, { agent, isFilmed }),
    )
    this.#keepHouse()
  }

  get recording(): boolean {
    return this.#ingress !== undefined && !this.#ingress.closed
  }

  /** What a trainer does in one go: mostly steps. */
  work(calls: number): void {
    if (!this.recording) return
    const { script, clock } = this.#world
    const before = clock.monotonic()
    const recorder = script.pick(this.#recorders)
    for (let i = 0; i < calls; i++) this.#call(recorder)
    if (clock.monotonic() !== before) this.slowCalls++
  }

  #call(recorder: EpisodeRecorder): void {
    const { script } = this.#world
    const what = script.between(0, 99)
    if (what < 70) {
      recorder.step({
        reward: script.between(-3, 9),
        position: [script.between(0, 7), script.between(0, 7)],
        action: script.between(0, 5),
        terminated: what < 3,
      })
    } else if (what < 82) {
      const data = new Uint8Array(64).fill(script.between(0, 255))
      recorder.frame({ data, width: 8, height: 8, format: 'gray8' })
    } else if (what < 87) recorder.metrics({ loss: script.between(0, 100) / 10 }, what)
    else if (what < 89) recorder.insight('note', { what })
    else if (what < 90) recorder.step({ reward: Number('x') } as never)
    else if (what < 95) recorder.begin({ seed: what, stage: script.between(1, 3) })
    else if (what < 98) recorder.end()
    else recorder.discard()
  }

  /** The run's last words; resolves when the ring has them all. */
  async sayGoodbye(): Promise<void> {
    for (const recorder of this.#recorders) recorder.interrupt()
    this.#ingress?.end('closed')
    while (!this.inlet.flushSpill()) {
      await new Promise<void>(resolve => this.#life.clock.schedule(5, resolve))
    }
    this.inlet.writer.close()
    this.#wakeRecorder()
  }

  /** As `RingReader.waitForData`, without shared memory's own clock. */
  waitForData(sleeper: Life, isAwake: () => boolean, timeoutMillis: number): Promise<void> {
    if (isAwake()) return sleeper.clock.turn()
    return new Promise(resolve => {
      const cancel = sleeper.clock.schedule(timeoutMillis, () => wake())
      const wake = (): void => {
        this.#sleepers.delete(wake)
        cancel()
        sleeper.clock.schedule(0, resolve)
      }
      this.#sleepers.add(wake)
      sleeper.onDeath(() => this.#sleepers.delete(wake))
    })
  }

  #wakeRecorder(): void {
    for (const wake of [...this.#sleepers]) wake()
  }

  #keepHouse(): void {
    this.inlet.flushSpill()
    this.#life.clock.schedule(FIGURES_MILLIS, () => this.#keepHouse())
  }

  /** Notes each record as it is published, from the ring's own memory. */
  #watchRing(): void {
    const { writer } = this.inlet
    const { plant } = this.#world
    const claim = writer.claim.bind(writer)
    const commit = writer.commit.bind(writer)
    let claimed = { at: 0, length: 0 }
    writer.claim = length => {
      const at = claim(length)
      if (at >= 0) claimed = { at, length }
      return at
    }
    writer.commit = tag => {
      const { at, length } = claimed
      commit(tag)
      const body = writer.bytes.slice(at, at + length)
      this.emitted.push({ end: writer.position, tag, body })
      if (plant.tearsRing && this.emitted.length === 20) writer.bytes[at + 8]! ^= 1
      this.#wakeRecorder()
    }
  }
}
