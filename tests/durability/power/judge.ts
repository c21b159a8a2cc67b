// Judges logs in a process of its own: a damaged file may take the process with it that opens it.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Case, Recovered } from './recovered.ts'

const CHILD = fileURLToPath(new URL('./judge.child.ts', import.meta.url))
const SILENCE_MILLIS_MAX = 15_000

export class Judge {
  #child: ChildProcess | undefined

  judge(found: Case): Promise<Recovered> {
    this.#child ??= fork(CHILD, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const child = this.#child
    const { promise, resolve } = Promise.withResolvers<Recovered>()
    const ended = (code: number | null, signal: string | null): void => {
      this.#child = undefined
      const faults = [`the process that opened it ended: ${signal ?? `code ${code}`}`]
      resolve({ missing: 0, missingMillis: 0, faults })
    }
    const hung = setTimeout(() => child.kill('SIGKILL'), SILENCE_MILLIS_MAX)
    child.once('exit', ended)
    child.once('message', resolve)
    child.send(found)
    return promise.finally(() => {
      clearTimeout(hung)
      child.off('exit', ended)
      child.removeAllListeners('message')
    })
  }

  close(): void {
    this.#child?.disconnect()
  }
}
