// The log's tables, written by a process of their own: what ends LMDB's writer does not reach this
// process. Reads are made here; each operation that writes is one message to the child
// (storage-process.ts), answered when it is durable. None stays without an answer when the child
// dies, and whether the last one was carried out is seen when the log is opened again.
import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { assert } from '../base/assert.ts'
import { entryFile } from '../base/entries.ts'
import { type ErrorCode, RollcastError } from '../base/errors.ts'
import type { LmdbStorage } from './lmdb-storage.ts'
import { openStorage, type WritingPlan } from './open-storage.ts'
import type { KeyRange, LogStorage, Space, Table, Write } from './storage.ts'

/** One operation of the child; the first one is `open`, and nothing comes after `close`. */
export type Request =
  | { readonly kind: 'open'; readonly directory: string; readonly plan: WritingPlan }
  | { readonly kind: 'begin'; readonly epoch: number }
  | { readonly kind: 'commit'; readonly epoch: number; readonly writes: readonly Write[] }
  | { readonly kind: 'sync' }
  | { readonly kind: 'copy'; readonly directory: string }
  | { readonly kind: 'close' }

/** Requests are answered in their order. */
export type Answer =
  | { readonly value: unknown }
  /** Of an error that is not ours `code` is the system's or LMDB's. */
  | { readonly message: string; readonly code: unknown; readonly isOurs: boolean }

/** Of what the child says on stderr the end is kept: its last words. */
const STDERR_CHARS_MAX = 16_384
const LAST_WORDS_CHARS_MAX = 300
/** LMDB says so when it could not write a page, and may not survive that. */
const WRITE_ERROR = 'Write error'

export class StorageApart implements LogStorage {
  readonly #writer: WriterProcess
  readonly #local: LmdbStorage

  private constructor(writer: WriterProcess, local: LmdbStorage) {
    this.#writer = writer
    this.#local = local
  }

  /** As `openForWriting`, in a child process. */
  static async open(directory: string, plan: WritingPlan): Promise<StorageApart> {
    const writer = new WriterProcess()
    try {
      await writer.ask({ kind: 'open', directory, plan })
      return new StorageApart(writer, openStorage(directory))
    } catch (error) {
      await writer.end()
      throw error
    }
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#local.get(table, key)
  }

  keys(table: Table, range: KeyRange): Uint8Array[] {
    return this.#local.keys(table, range)
  }

  count(table: Table): number {
    return this.#local.count(table)
  }

  refresh(): void {
    this.#local.refresh()
  }

  epoch(): number {
    return this.#local.epoch()
  }

  async begin(epoch: number): Promise<boolean> {
    return this.#change({ kind: 'begin', epoch })
  }

  async commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    return this.#change({ kind: 'commit', epoch, writes })
  }

  async #change(request: Request): Promise<boolean> {
    const isDone = (await this.#writer.ask(request)) as boolean
    this.#local.refresh()
    return isDone
  }

  async sync(): Promise<void> {
    await this.#writer.ask({ kind: 'sync' })
  }

  space(): Space {
    return this.#local.space()
  }

  pinned(): boolean {
    return this.#local.pinned()
  }

  onLost(callback: (error: Error) => void): void {
    this.#writer.onLost(callback)
  }

  async copy(directory: string): Promise<void> {
    await this.#writer.ask({ kind: 'copy', directory })
  }

  async close(): Promise<void> {
    await this.#writer.end()
    await this.#local.close()
  }
}

/** The child, as who asks it sees it. */
class WriterProcess {
  readonly #child: ChildProcess
  readonly #gone = Promise.withResolvers<void>()
  /** Who waits for an answer, in the order of the requests. */
  readonly #waiting: PromiseWithResolvers<unknown>[] = []
  readonly #lostCallbacks: ((error: Error) => void)[] = []
  #lost: Error | undefined
  #ending = false
  #stderr = ''

  constructor() {
    const child = fork(entryFile('store/storage-process'), {
      ...{ execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_CHARS_MAX)
    })
    child.on('message', (answer: Answer) => this.#take(answer))
    child.on('error', error => {
      if (child.pid === undefined) this.#end(error.message)
    })
    // When everything it said has been read: an answer that came counts.
    child.once('close', (code, signal) => this.#end(signal ?? `exit code ${code}`))
  }

  /** What `request` comes to. Rejects when the child cannot answer any more. */
  ask(request: Request): Promise<unknown> {
    if (this.#lost) return Promise.reject(this.#lost)
    const waiter = Promise.withResolvers<unknown>()
    this.#waiting.push(waiter)
    // With a callback, a child that has just died is no error here; its end tells.
    this.#child.send(request, () => {})
    return waiter.promise
  }

  onLost(callback: (error: Error) => void): void {
    this.#lostCallbacks.push(callback)
  }

  /** Closes what it has open; resolves when it is gone. */
  async end(): Promise<void> {
    if (!this.#ending && !this.#lost) {
      this.#ending = true
      if (this.#waiting.length > 0) this.#giveUp()
      this.ask({ kind: 'close' }).catch(() => {})
    }
    await this.#gone.promise
  }

  /** It may never answer: one that is stopped is ended by this, one that waits for a disk is not. */
  #giveUp(): void {
    this.#child.kill('SIGKILL')
    const { channel, stderr } = this.#child
    for (const held of [this.#child, channel, stderr as Socket]) held?.unref()
  }

  #take(answer: Answer): void {
    const waiter = this.#waiting.shift()
    assert(waiter, 'nobody has asked the process that writes the log')
    if ('value' in answer) waiter.resolve(answer.value)
    else waiter.reject(errorOf(answer))
  }

  #end(how: string): void {
    if (this.#lost) return
    const lost = this.#lossOf(how)
    this.#lost = lost
    for (const waiter of this.#waiting.splice(0)) waiter.reject(lost)
    if (!this.#ending) for (const callback of this.#lostCallbacks) callback(lost)
    this.#gone.resolve()
  }

  /** A write that failed is the disk's failure, for good; so is a page that cannot be read. */
  #lossOf(how: string): Error {
    const words = this.#stderr.trim().slice(-LAST_WORDS_CHARS_MAX)
    const message = `the process that writes the log ended by ${how}${words && `: ${words}`}`
    const isOfDisk = this.#stderr.includes(WRITE_ERROR) || how === 'SIGBUS'
    if (isOfDisk) return Object.assign(new Error(message), { code: 'EIO' })
    return new RollcastError('INTERNAL', message, { temporary: true })
  }
}

function errorOf({ message, code, isOurs }: Exclude<Answer, { value: unknown }>): Error {
  if (isOurs) return new RollcastError(code as ErrorCode, message)
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}
