// The simulated world: one clock, one disk, one process after another, and viewers. Whatever could
// differ between two runs is drawn from the seed: `script` decides what happens, `faults` how the
// disk and the network behave, `timing` how long things take.
import { KIB } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/checksum.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Chance } from './chance.ts'
import { SimDisk } from './disk.ts'
import { Evidence } from './evidence.ts'
import type { Plant } from './plant.ts'
import { SimProcess } from './process.ts'
import type { SimSocket, SimViewer } from './viewers.ts'

/** Steps whose story is told when a seed fails. */
const STORY_LINES = 40

export class World {
  readonly seed: number
  readonly plant: Plant
  readonly clock = new SimulatedClock()
  readonly script: Chance
  readonly faults: Chance
  readonly timing: Chance
  readonly disk = new SimDisk()
  readonly evidence = new Evidence()
  readonly viewers: SimViewer[] = []
  sockets: SimSocket[] = []
  process: SimProcess
  processes = 0
  /** What may wait for all viewers together: less than a few hold that do not read. */
  viewerBytesMax = 64 * KIB
  /** Messages between threads take up to so long. */
  portMillis = 2
  /** All that was wrong after the first step after which anything was. */
  readonly violations: string[] = []
  /** All that happened, folded to one number: equal for equal runs. */
  traceHash = 0
  readonly #onLine: ((line: string) => void) | undefined
  readonly #story: string[] = []

  constructor(seed: number, plant: Plant = {}, onLine?: (line: string) => void) {
    this.seed = seed
    this.plant = plant
    this.#onLine = onLine
    this.script = new Chance(seed)
    this.faults = new Chance(seed ^ 0x5bd1_e995)
    this.timing = new Chance(seed ^ 0x27d4_eb2f)
    this.process = this.#startProcess()
  }

  #startProcess(): SimProcess {
    this.processes++
    this.note(`process ${this.processes} starts`)
    this.process = new SimProcess(this, this.processes)
    return this.process
  }

  /** Whoever runs the program starts it again; threads that were given up are gone with it. */
  restart(): SimProcess {
    this.process.crash()
    return this.#startProcess()
  }

  portDelay(): number {
    const slow = this.timing.onceIn(40)
    return this.timing.between(0, this.portMillis * (slow ? 20 : 1)) / 2
  }

  /** Tells the story, and makes it part of the run's hash. */
  note(text: string): void {
    const line = `${this.clock.monotonic().toFixed(1).padStart(9)} ${text}`
    this.traceHash = crc32(Buffer.from(line), this.traceHash)
    this.#story.push(line)
    if (this.#story.length > STORY_LINES) this.#story.shift()
    this.#onLine?.(line)
  }

  get violation(): string | undefined {
    return this.violations.length === 0 ? undefined : this.violations.join('; ')
  }

  get story(): string {
    return this.#story.join('\n')
  }

  violate(what: string, found: string): void {
    this.violations.push(`${what}: ${found}`)
  }
}
