// The program that a soak watches, from outside: what it says, and orders to it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { whenInterrupted } from '../../bench/when-interrupted.ts'
import { describeError } from '../../src/base/errors.ts'
import type { SoakNews, SoakOrder, SoakState, SoakTask } from './training.child.ts'

const program = fileURLToPath(new URL('./training.child.ts', import.meta.url))
/**
 * glibc gives threads arenas of their own, up to eight a processor, and keeps what one that died had.
 * It takes a hundred deaths to fill them all; with two, what is kept for good is seen at once.
 */
const few = { ...process.env, MALLOC_ARENA_MAX: '2' }
/** What is behind when it is at rest: no more than comes in a moment. */
const LAG_MAX = 2_000

/** The program, from outside. */
export class Training {
  readonly problems: string[] = []
  readonly durable = new Set<number>()
  url = ''
  readonly started: Promise<void>
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown[]>
  #state: SoakState | undefined
  #ended: string | undefined

  constructor(task: SoakTask) {
    const stdio: ['ignore', 'ignore', 'inherit', 'ipc'] = ['ignore', 'ignore', 'inherit', 'ipc']
    this.#child = fork(program, [JSON.stringify(task)], { stdio, env: few })
    this.#exited = once(this.#child, 'exit')
    this.#child.once(
      'exit',
      whenInterrupted(() => void this.#child.kill('SIGKILL')),
    )
    const started = Promise.withResolvers<void>()
    this.started = started.promise
    this.#child.on('message', (news: SoakNews) => {
      this.#take(news)
      if (news.type === 'started') started.resolve()
    })
    void this.#exited.then(([code, signal]) => {
      this.#ended = `the program ended with ${signal ?? code}`
      started.reject(new Error(this.#ended))
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  order(order: SoakOrder): void {
    this.#child.send(order)
  }

  /** Resolves when every actor was restarted at least as often as it was killed, and nothing is behind. */
  async isAtRest(kills: Readonly<Record<string, number>>, millisMax: number): Promise<SoakState> {
    const rests = (): boolean => {
      if (this.#ended) throw new Error(this.#ended)
      const { restarts, lag = 0, spilledBytes = 0 } = this.#state ?? {}
      if (restarts === undefined || lag > LAG_MAX || spilledBytes > 0) return false
      return Object.entries(kills).every(([actor, times]) => (restarts[actor] ?? 0) >= times)
    }
    try {
      await until('the run is at rest', millisMax, rests)
    } catch (error) {
      const found = `killed ${JSON.stringify(kills)}, found ${JSON.stringify(this.#state)}`
      throw new Error(`${describeError(error)}: ${found}`)
    }
    return this.#state!
  }

  /** Asks for the end, and resolves when the program has come to it by itself. */
  async end(millisMax: number): Promise<SoakState> {
    this.order({ type: 'end' })
    await until('the program ends', millisMax, () => this.#ended !== undefined)
    const [code, signal] = await this.#exited
    if (code !== 0) this.problems.push(`the program ended with ${signal ?? code}`)
    const state = this.#state!
    if (state.dropped > 0) this.problems.push(`${state.dropped} events found no room`)
    return state
  }

  async kill(): Promise<void> {
    if (this.#ended === undefined) this.#child.kill('SIGKILL')
    await this.#exited
  }

  #take(news: SoakNews): void {
    if (news.type === 'started') this.url = news.url
    else if (news.type === 'problem') this.problems.push(news.problem)
    else if (news.type === 'durable') this.durable.add(news.episode)
    else this.#state = news
  }
}

export async function until(what: string, millisMax: number, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + millisMax
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${millisMax} ms until ${what}`)
    await sleep(20)
  }
}
