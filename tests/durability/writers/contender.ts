// The handle of a process that contends for a log.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ErrorCode, RollcastError } from '../../../src/base/errors.ts'

export interface Command {
  readonly id: number
  readonly do: 'open' | 'openUnfenced' | 'takeOver' | 'append' | 'flood' | 'settle' | 'close'
  readonly dir: string
  readonly from?: number
  readonly count?: number
  readonly bytes?: number
  readonly pauseMillis?: number
}

export interface Outcome {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

/** What became of the values that a contender appended since the last time. */
export interface Settled {
  readonly acknowledged: readonly number[]
  readonly rejected: readonly number[]
  /** Why its log stopped. */
  readonly failure: string | null
}

export class Contender {
  readonly #child: ChildProcess
  readonly #dir: string
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #id = 0

  private constructor(child: ChildProcess, dir: string) {
    this.#child = child
    this.#dir = dir
    child.on('message', ({ id, result, error }: Outcome) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (!error) waiting?.resolve(result)
      else waiting?.reject(new RollcastError(error.code as ErrorCode, error.message))
    })
  }

  /** Starts one; it is killed when the test ends. */
  static async start(dir: string): Promise<Contender> {
    const child = fork(join(import.meta.dirname, 'contender.child.ts'), {
      execArgv: [],
      serialization: 'advanced',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child, 'message')
    return new Contender(child, dir)
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  async ask<Result>(
    what: Command['do'],
    task: Omit<Command, 'id' | 'do' | 'dir'> = {},
  ): Promise<Result> {
    const id = ++this.#id
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#child.send({ id, do: what, dir: this.#dir, ...task } satisfies Command)
    return (await waiting.promise) as Result
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
