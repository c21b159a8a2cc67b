// Operations of the storage, one after the other, each with a deadline: some never answer. The
// first error is the last operation (P7): what a disk says after it has failed is not believed.
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'

/** May resolve to what is told when the next operation is on its way: the disk does not wait. */
export type Operation = () => Promise<(() => void) | undefined>

export interface OperationsOptions {
  readonly clock: Clock
  /** An operation that takes longer is taken for dead. */
  readonly millisMax: number
  /** What is to be done next; undefined when there is nothing. */
  next(): Operation | undefined
  /** Turns what was thrown into the failure that is told. */
  failureOf(cause: unknown): RollcastError
}

/** A deadline passes in so many steps. A process that was stopped for a while (SIGSTOP, a paused
 * container) is late for one of them, and does not blame the disk for the time that it slept. */
const DEADLINE_STEPS = 10

/**
 * What `operation` comes to; LOG_FAILED when the storage has not answered after `millisMax`. Then
 * `onLate` is called in that instant: an answer that comes just now must not find all well.
 */
export async function inTime<T>(
  clock: Clock,
  millisMax: number,
  operation: Promise<T>,
  onLate: (late: RollcastError) => void = () => {},
): Promise<T> {
  const deadline = Promise.withResolvers<never>()
  let cancel = (): void => {}
  const wait = (steps: number): void => {
    cancel = clock.schedule(millisMax / DEADLINE_STEPS, () => {
      if (steps > 1) return wait(steps - 1)
      const message = `the storage did not answer in ${millisMax} ms`
      const late = new RollcastError('LOG_FAILED', message)
      onLate(late)
      deadline.reject(late)
    })
  }
  wait(DEADLINE_STEPS)
  return await Promise.race([operation, deadline.promise]).finally(() => cancel())
}

export class Operations {
  readonly #options: OperationsOptions
  readonly #failureCallbacks = new Set<(error: RollcastError) => void>()
  #busy = false
  #idle: PromiseWithResolvers<void> | undefined
  #failure: RollcastError | undefined

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  get failure(): RollcastError | undefined {
    return this.#failure
  }

  /** Called once, at the first error, in the order of the calls to this. */
  onFailure(callback: (error: RollcastError) => void): () => void {
    this.#failureCallbacks.add(callback)
    return () => this.#failureCallbacks.delete(callback)
  }

  /** Begins what is next, unless an operation runs: then its end does. */
  drive(): void {
    if (this.#busy || this.#failure) return
    const operation = this.#options.next()
    if (operation === undefined) {
      this.#idle?.resolve()
      this.#idle = undefined
      return
    }
    this.#busy = true
    this.#inTime(operation)
      .then(tell => {
        this.#busy = false
        this.drive()
        tell?.()
      })
      .catch(error => this.fail(error))
  }

  /** Runs one more operation when all others are done; nothing comes after it. */
  async last(operation: Operation): Promise<void> {
    if (this.#failure) throw this.#failure
    if (this.#busy) {
      this.#idle ??= Promise.withResolvers<void>()
      await this.#idle.promise
    }
    this.#busy = true
    await this.#inTime(operation)
  }

  /** Nothing is done from here on. */
  fail(cause: unknown): void {
    if (this.#failure) return
    const failure = this.#options.failureOf(cause)
    this.#failure = failure
    this.#idle?.reject(failure)
    for (const callback of this.#failureCallbacks) callback(failure)
  }

  #inTime(operation: Operation): ReturnType<Operation> {
    const { clock, millisMax } = this.#options
    const onLate = ({ message }: Error): void => this.fail(new Error(message))
    return inTime(clock, millisMax, operation(), onLate)
  }
}
