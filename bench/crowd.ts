// Any number of viewers in a process of their own, which count what they get and note how old it is.
// They do as little as a client can (bench/crowd.process.ts): what is measured is the server.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { assert } from '../src/base/assert.ts'
import { RollcastError } from '../src/base/errors.ts'

/** Sent to the crowd's process. Viewers are told apart by the group that they came with. */
export type CrowdCommand =
  | {
      readonly type: 'connect'
      readonly group: string
      readonly port: number
      readonly count: number
      readonly path: string
      /** What each says first. */
      readonly hello: string
    }
  /**
   * Messages from nothing again. With a tally ages go on from where this one was left, so that times
   * apart are told as one.
   */
  | { readonly type: 'count'; readonly group: string; readonly tally: string | null }
  /** Answered once `expected` messages have come since `count`. */
  | { readonly type: 'reach'; readonly group: string; readonly expected: number }
  /** Answered with what came since `count`, once nothing has come for a while. */
  | { readonly type: 'settle'; readonly group: string }
  /** From here on each reads so many bytes a second; 0 stops, Infinity reads on. */
  | { readonly type: 'read'; readonly group: string; readonly bytesPerSecond: number }
  /** Answered with the codes that connections were closed with, once so many were. */
  | { readonly type: 'closed'; readonly group: string; readonly count: number }
  | { readonly type: 'leave'; readonly group: string }

/** What a group got since `count`. Ages are milliseconds, from `sent_millis` in the message. */
export interface CrowdReport {
  readonly messages: number
  /** Of all in the tally, if there is one; so is `p99`. */
  readonly mean: number
  readonly p99: number
  /** When the last one came, by `monotonicMillis`. */
  readonly lastAt: number
}

export type CrowdAnswer =
  | { readonly type: 'done' }
  | { readonly type: 'report'; readonly report: CrowdReport }
  | { readonly type: 'codes'; readonly codes: readonly number[] }
  | { readonly type: 'failed'; readonly problem: string }

/** Messages of this many bytes count, all others (greetings, system) do not. */
export const COUNTED_BYTES = { min: 1800, max: 2300 } as const
/** A member of this name, in every message that counts. */
export const SENT_MEMBER = 'sent_millis'

/** Of what is published while a crowd is watched. */
export const STATES_PER_SECOND = 30

const PATIENCE_MILLIS = 60_000

export class Crowd {
  readonly #child: ChildProcess
  #waiting: PromiseWithResolvers<CrowdAnswer> | undefined

  constructor() {
    const entry = fileURLToPath(new URL('./crowd.process.ts', import.meta.url))
    // JSON has no Infinity.
    this.#child = fork(entry, { serialization: 'advanced' })
    this.#child.on('message', (answer: CrowdAnswer) => {
      if (answer.type === 'failed') {
        this.#waiting?.reject(new RollcastError('UNAVAILABLE', `the crowd: ${answer.problem}`))
      } else this.#waiting?.resolve(answer)
    })
    this.#child.on('exit', code => {
      this.#waiting?.reject(new RollcastError('UNAVAILABLE', `the crowd ended with ${code}`))
    })
  }

  /** Resolves when all of them are connected. */
  async connect(
    group: string,
    port: number,
    count: number,
    hello: string,
    path = '/ws',
  ): Promise<void> {
    await this.#ask({ type: 'connect', group, port, count, path, hello })
  }

  /** What came since `count`, as soon as it is as much as `expected`. */
  reach(group: string, expected: number): Promise<CrowdReport> {
    return this.#report({ type: 'reach', group, expected })
  }

  /** What came since `count`, when no more comes. */
  settle(group: string): Promise<CrowdReport> {
    return this.#report({ type: 'settle', group })
  }

  async read(group: string, bytesPerSecond: number): Promise<void> {
    await this.#ask({ type: 'read', group, bytesPerSecond })
  }

  /** The codes of the group's connections that were closed, once that are `count`. */
  async closed(group: string, count: number): Promise<readonly number[]> {
    const answer = await this.#ask({ type: 'closed', group, count })
    assert(answer.type === 'codes', `expected close codes, found ${answer.type}`)
    return answer.codes
  }

  /** Counts from nothing again; ages in the tally of that name, if there is one. */
  async count(group: string, tally: string | null = null): Promise<void> {
    await this.#ask({ type: 'count', group, tally })
  }

  async leave(group: string): Promise<void> {
    await this.#ask({ type: 'leave', group })
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  async #report(command: CrowdCommand): Promise<CrowdReport> {
    const answer = await this.#ask(command)
    assert(answer.type === 'report', `expected a report, found ${answer.type}`)
    return answer.report
  }

  #ask(command: CrowdCommand): Promise<CrowdAnswer> {
    const waiting = Promise.withResolvers<CrowdAnswer>()
    this.#waiting = waiting
    this.#child.send(command)
    const timer = setTimeout(() => {
      waiting.reject(new RollcastError('TIMEOUT', `the crowd waits after ${command.type}`))
    }, PATIENCE_MILLIS)
    return waiting.promise.finally(() => clearTimeout(timer))
  }
}

interface Watch {
  readonly viewers: number
  readonly seconds: number
  /** Times of one name are told as one: the ages of all of them so far. */
  readonly tally?: string
}

/** Publishes at a usual pace for so long; what the group got of it, which is nearly all. */
export async function watchCrowd(
  crowd: Crowd,
  group: string,
  { viewers, seconds, tally }: Watch,
  publish: (step: number) => void,
): Promise<CrowdReport> {
  await crowd.count(group, tally)
  const states = Math.ceil(seconds * STATES_PER_SECOND)
  const startedAt = performance.now()
  for (let step = 0; step < states; step++) {
    const due = startedAt + (step * 1000) / STATES_PER_SECOND
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    publish(step)
  }
  const report = await crowd.settle(group)
  const share = report.messages / (states * viewers)
  assert(share > 0.9 && share <= 1, `${group}: ${report.messages} of ${states * viewers} arrived`)
  return report
}
