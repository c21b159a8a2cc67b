// A simulated thread: everything that reaches it from outside (a timer, a message, an answer of the
// disk) passes through `enter`. A frozen thread hears it later, in the same order; a dead one never
// does, so its promises stay pending and its code never runs again, as when a real thread is gone.
import type { Clock, SimulatedClock } from '../../src/base/clock.ts'
import type { World } from './world.ts'

export class Life {
  readonly name: string
  readonly clock: Clock
  /** When it froze, monotonic; undefined while it runs. */
  frozenAt: number | undefined
  /** How long it was frozen altogether. */
  frozenMillis = 0
  #dead = false
  #thawing = false
  readonly #time: SimulatedClock
  readonly #leaks: boolean
  readonly #onUncaught: (error: unknown) => void
  readonly #timers = new Set<() => void>()
  readonly #held: (() => void)[] = []
  readonly #endings: (() => void)[] = []

  constructor(name: string, world: World, onUncaught: (error: unknown) => void) {
    const time = world.clock
    this.name = name
    this.#time = time
    this.#leaks = world.plant.leaksTimers ?? false
    this.#onUncaught = onUncaught
    this.clock = {
      now: () => time.now(),
      monotonic: () => time.monotonic(),
      schedule: (delayMillis, callback) => this.#schedule(delayMillis, callback),
      turn: () => new Promise(resolve => this.#schedule(0, resolve)),
    }
  }

  get dead(): boolean {
    return this.#dead
  }

  /** Timers that wait; a thread that has ended has none. */
  get timers(): number {
    return this.#timers.size
  }

  /** Something from outside reaches the thread: now, when it thaws, or never. */
  enter(action: () => void): void {
    if (this.#dead) return
    if (this.frozenAt !== undefined || this.#thawing) this.#held.push(action)
    else this.#run(action)
  }

  /** It hears nothing until `thaw`, as under SIGSTOP or in an endless loop. */
  freeze(): void {
    if (!this.#dead) this.frozenAt ??= this.#time.monotonic()
  }

  /** What it has not heard reaches it now, one thing after the other. */
  thaw(): void {
    if (this.#dead || this.frozenAt === undefined) return
    this.frozenMillis += this.#time.monotonic() - this.frozenAt
    this.frozenAt = undefined
    this.#thawing = true
    this.#time.schedule(0, () => this.#pump())
  }

  /** Calls `ending` when the thread dies; at once when it is dead. */
  onDeath(ending: () => void): void {
    if (this.#dead) ending()
    else this.#endings.push(ending)
  }

  die(): void {
    if (this.#dead) return
    this.#dead = true
    if (!this.#leaks) for (const cancel of this.#timers) cancel()
    this.#held.length = 0
    for (const ending of this.#endings) ending()
  }

  #pump(): void {
    if (this.#dead || this.frozenAt !== undefined) {
      this.#thawing = false
      return
    }
    const action = this.#held.shift()
    if (action !== undefined) this.#run(action)
    if (this.#held.length > 0) this.#time.schedule(0, () => this.#pump())
    else this.#thawing = false
  }

  #run(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#onUncaught(error)
    }
  }

  #schedule(delayMillis: number, callback: () => void): () => void {
    if (this.#dead) return () => {}
    let cancelled = false
    const cancelTimer = this.#time.schedule(delayMillis, () => {
      this.#timers.delete(cancel)
      this.enter(() => {
        if (!cancelled) callback()
      })
    })
    const cancel = (): void => {
      cancelled = true
      cancelTimer()
      this.#timers.delete(cancel)
    }
    this.#timers.add(cancel)
    return cancel
  }
}
