// The parent's end of writer.child.ts: starts it, also under strace with a fault injected, reads
// what it says, and sees to it that nothing of it is left.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { OpenOptions } from '../../../src/store/open-log.ts'
import type { Witness } from '../oracle.ts'
import type { Workload } from '../workload.ts'

/** One log of a writer, and how it is written to. */
export interface LogTask
  extends Pick<OpenOptions, 'durability' | 'placement' | 'pendingBytesMax' | 'operationMillisMax'> {
  readonly dir: string
  readonly workload: Workload
  /** Events of one contribution. */
  readonly batch: number
  /** Contributions that may be unacknowledged before the writer waits. */
  readonly window: number
}

export interface Task {
  readonly logs: readonly LogTask[]
  /** Contributions to each log; then it is closed. */
  readonly contributions: number
  /** Between two contributions; default 0, and 20 after one that was refused. */
  readonly pauseMillis?: number
  /** Negative controls: says that all is durable which was merely appended. */
  readonly acknowledgeEarly?: boolean
}

/** What became of one contribution; its last event is `seq`. Times are Unix milliseconds. */
export interface Fate {
  readonly seq: number
  readonly emittedAt: number
  settledAt: number | undefined
  end: 'acknowledged' | 'rejected' | 'refused' | undefined
}

/** What a writer said of one of its logs. */
export class Account {
  readonly workload: Workload
  readonly fates: Fate[] = []
  opened: { epoch: number; lastSeq: number; millis: number } | undefined
  acknowledged = 0
  failedAt: number | undefined
  /** Codes of errors, in the order in which they came. */
  readonly codes: string[] = []
  /** The most that waited for the disk when a contribution was refused, bytes. */
  pendingBytes = 0
  /** Contributions acknowledged after the first error: there must be none. */
  lateAcknowledgements = 0
  closed = false

  constructor(workload: Workload) {
    this.workload = workload
  }

  /** The last event that was handed to `append` and not refused. */
  get emitted(): number {
    const last = this.fates.findLast(({ end }) => end !== 'refused')
    return Math.max(last?.seq ?? 0, this.opened?.lastSeq ?? 0)
  }

  get pending(): Fate[] {
    return this.fates.filter(({ end }) => end === undefined)
  }

  /** What an oracle is told; what was there at the opening counts as acknowledged. */
  get witness(): Witness {
    const acknowledged = Math.max(this.acknowledged, this.opened?.lastSeq ?? 0)
    return { workload: this.workload, acknowledged, emitted: this.emitted }
  }

  hear(verb: string, words: readonly string[]): void {
    const [first = '', second = '', code = '', bytes = ''] = words
    if (verb === 'opened') {
      this.opened = { epoch: Number(first), lastSeq: Number(second), millis: Number(code) }
    } else if (verb === 'emitted') {
      const emittedAt = Number(second)
      this.fates.push({ seq: Number(first), emittedAt, settledAt: undefined, end: undefined })
    } else if (verb === 'acknowledged' || verb === 'rejected' || verb === 'refused') {
      this.#settle(verb, Number(first), Number(second))
      if (verb !== 'acknowledged') this.codes.push(code)
      if (verb === 'refused') this.pendingBytes = Math.max(this.pendingBytes, Number(bytes))
    } else if (verb === 'failed' || verb === 'threw') {
      this.failedAt ??= Number(first)
      this.codes.push(second)
    } else if (verb === 'closed') this.closed = true
  }

  #settle(end: 'acknowledged' | 'rejected' | 'refused', seq: number, at: number): void {
    const fate = this.fates.findLast(one => one.seq === seq && one.end === undefined)
    if (fate === undefined) throw new Error(`${end} ${seq}: it was not emitted, or told twice`)
    fate.settledAt = at
    fate.end = end
    if (end !== 'acknowledged') return
    this.acknowledged = Math.max(this.acknowledged, seq)
    if (this.failedAt !== undefined) this.lateAcknowledgements++
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Writer {
  /** One for each log of the task. */
  readonly accounts: readonly Account[]
  /** True once it has said its first word. */
  readonly started: () => boolean
  /** Of a writer that has started. */
  readonly pid: () => number
  /** True once it has said that it is through with all logs. */
  readonly ended: () => boolean
  /** Resolves when what it has said makes `condition` true; rejects when it ends before. */
  hears(condition: () => boolean): Promise<void>
  /** Resolves when the process is gone and all that it said has been read. */
  readonly exited: Promise<Exit>
  stderr(): string
  kill(): void
}

const script = join(import.meta.dirname, 'writer.child.ts')
/** Compiled code is kept here, so that a start takes a third of the time. */
export const compileCache = join(import.meta.dirname, '../../../.tmp/compile-cache')

/** Starts a writer; with `strace`, under strace with these arguments. */
export function startWriter(task: Task, strace?: readonly string[]): Writer {
  const program = [process.execPath, script, JSON.stringify(task)]
  const [command = '', ...args] = strace ? ['strace', ...strace, ...program] : program
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, UV_THREADPOOL_SIZE: '1' },
  })
  const accounts = task.logs.map(log => new Account(log.workload))
  const waiting = new Set<() => void>()
  let pid: number | undefined
  let ended = false
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', line => {
    const [verb = '', name = '', ...words] = line.split(' ')
    if (verb === 'started') pid = Number(name)
    else if (verb === 'ended') ended = true
    else accounts[Number(name)]?.hear(verb, words)
    for (const look of waiting) look()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  let gone = false
  const exited = new Promise<Exit>(resolve =>
    child.once('close', (code, signal) => {
      gone = true
      resolve({ code, signal })
    }),
  )
  // strace does not take its program with it.
  const kill = (): void => {
    if (gone) return
    if (pid === undefined) child.kill('SIGKILL')
    else process.kill(pid, 'SIGKILL')
  }
  onTestFinished(async () => {
    kill()
    await exited
  })
  return {
    accounts,
    started: () => pid !== undefined,
    pid: () => pid ?? Number.NaN,
    ended: () => ended,
    hears(condition) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const look = (): void => {
        if (condition()) resolve()
      }
      waiting.add(look)
      void exited.then(() => reject(new Error(`the writer ended early: ${stderr}`)))
      look()
      return promise.finally(() => waiting.delete(look))
    },
    exited,
    stderr: () => stderr,
    kill,
  }
}
