// An actor's line to its host without a thread, and waiting without sleeping.
import type { ActorEndpoint } from '../../src/actors/endpoint.ts'
import type { ActorCommand, ActorReport, ActorStart } from '../../src/protocol/thread-messages.ts'

export class FakeEndpoint implements ActorEndpoint {
  readonly start: ActorStart
  readonly reports: ActorReport[] = []
  /** How it ended; undefined while it lives. */
  exited: { readonly error: unknown } | undefined
  #listeners: ((command: ActorCommand) => void)[] = []

  constructor(start: Partial<ActorStart> = {}) {
    this.start = {
      ...{ name: 'test', placement: 'thread', sends: [], receives: [], config: {} },
      ...{ restarts: 0, faults: false },
      ...start,
    }
  }

  report(report: ActorReport): void {
    this.reports.push(report)
  }

  onCommand(listener: (command: ActorCommand) => void): void {
    this.#listeners.push(listener)
  }

  exit(error?: unknown): void {
    this.exited = { error }
  }

  command(command: ActorCommand): void {
    for (const listener of this.#listeners) listener(command)
  }

  reportsOf<T extends ActorReport['type']>(type: T): Extract<ActorReport, { type: T }>[] {
    return this.reports.filter(
      (report): report is Extract<ActorReport, { type: T }> => report.type === type,
    )
  }

  /** The states that it went through. */
  get states(): string[] {
    return this.reportsOf('state').map(report => report.to)
  }
}

/** Resolves after so many turns of the event loop; what is ready to happen has happened then. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Resolves as soon as the condition holds; fails when it does not within 10 s: disks take time. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  while (performance.now() < giveUpAt) {
    if (condition()) return
    await turns(1)
  }
  throw new Error(`${what} never came true`)
}
