// Asks a throw-away process about damaged logs, one question after the other. When a log takes it
// down, that is the answer, and the next question goes to a new one.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { assert } from '../../../src/base/assert.ts'
import type { OpenReport } from '../../../src/store/event-log.ts'
import type { Examination } from '../../../src/store/examine.ts'
import type { SalvageReport } from '../../../src/store/salvage.ts'
import type { VerifyReport } from '../../../src/store/verify.ts'
import type { Reading } from './reading.ts'
import type { Truth } from './sound-log.ts'

/** What can be asked, and what an answer says. */
export interface Answers {
  /** The verdict. */
  readonly verify: Examination
  readonly read: Reading
  /** Takes what is whole into a new log, and reads all of that. */
  readonly salvage: {
    readonly report: SalvageReport
    readonly verified: VerifyReport
    readonly reading: Reading
  }
  /** Opens it as the next writer does, appends two events, closes it and reads all. */
  readonly write: { readonly report: OpenReport; readonly reading: Reading }
}

export interface Question {
  readonly ask: keyof Answers
  readonly dir: string
  /** Where a salvaged log goes to. */
  readonly into?: string
  readonly truth: Truth
  /** False maps the file without a look at it: only to show what the look is for. */
  readonly check?: boolean
}

export type Outcome<Answer> =
  | { readonly is: 'answered'; readonly answer: Answer }
  /** One of our errors, with its code. */
  | { readonly is: 'refused'; readonly code: string }
  | { readonly is: 'unclear'; readonly message: string }
  /** The process ended by a signal, or with a code. */
  | { readonly is: 'died'; readonly how: string }
  | { readonly is: 'late' }

/** Every question is answered within this time. */
export const ANSWER_MILLIS_MAX = 5_000

export class Judge {
  #child: ChildProcess | undefined
  millisMax = 0

  async ask<Q extends keyof Answers>(
    question: Question & { readonly ask: Q },
  ): Promise<Outcome<Answers[Q]>> {
    this.#child ??= await start()
    const child = this.#child
    const { promise, resolve } = Promise.withResolvers<Outcome<Answers[Q]>>()
    const onExit = (code: number | null, signal: string | null): void => {
      this.#child = undefined
      resolve({ is: 'died', how: signal ?? `code ${code}` })
    }
    const late = setTimeout(() => {
      child.off('exit', onExit)
      this.#child = undefined
      child.kill('SIGKILL')
      resolve({ is: 'late' })
    }, ANSWER_MILLIS_MAX)
    const started = performance.now()
    child.once('exit', onExit)
    child.once('message', resolve)
    child.send(question)
    const outcome = await promise
    this.millisMax = Math.max(this.millisMax, performance.now() - started)
    clearTimeout(late)
    child.off('exit', onExit)
    child.off('message', resolve)
    return outcome
  }

  close(): void {
    this.#child?.kill('SIGKILL')
  }
}

/** A judge that listens: the start of a process is no part of an answer. */
async function start(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'judge.child.ts'), {
    // It reads much and keeps nothing: a small heap would be collected all the time.
    execArgv: ['--initial-old-space-size=256'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const [word] = await once(child, 'message')
  assert(word === 'ready', `the judge says that it is ready, found ${word}`)
  return child
}
