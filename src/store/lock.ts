// One writer a log. The lock is an abstract Unix socket, so the kernel frees it with the process;
// whoever connects is told who holds it. Its name is a hash of the directory's real path. It does
// not reach where the same directory has another path or another network namespace (containers):
// there the epoch fences the older writer.
// A holder that is stopped keeps the name and answers nobody. It can be displaced on request: the
// log then has a new name, counted in the file `takeovers`, and the epoch fences who was displaced.
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { logDirectory } from './place.ts'
import { ownerOfSocket, type SocketOwner } from './socket-owner.ts'

/** Who holds the lock of a log. More fields may follow, such as `url`. */
export interface HolderInfo {
  readonly pid: number
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number
  readonly dir: string
  readonly [extra: string]: unknown
}

/** A lock that is held. */
export interface LogLock {
  /** Tells it from the one that the log has after a takeover; see `checkHeld`. */
  readonly name: string
  /** Adds to what others are told, such as `{ url }`. */
  update(extra: Readonly<Record<string, unknown>>): void
  /** Resolves when the name is free, whoever is connected to it. */
  release(): Promise<void>
}

/** A lock that was taken from a holder that does not answer. */
export interface DisplacingLock extends LogLock {
  /** The process that was displaced; undefined when it cannot be found. */
  readonly displaced: SocketOwner | undefined
  /** From now on this lock is the one that others meet. To be called when the epoch fences. */
  confirm(): void
}

/** Together the time in which a second writer is refused. */
const ANSWER_MILLIS_MAX = 50
const LOOK_MILLIS_MAX = 40
/** For whoever is in no hurry. */
const LONG_LOOK_MILLIS_MAX = 1_000
const ANSWER_BYTES_MAX = 65_536

/** How often a holder of this log was displaced. */
function takeovers(dir: string): number {
  try {
    return Number(readFileSync(takeoversFile(dir), 'utf8')) || 0
  } catch {
    return 0
  }
}

const takeoversFile = (dir: string): string => join(logDirectory(dir), 'takeovers')

function socketName(dir: string, number = takeovers(dir)): string {
  const hash = createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)
  return `\0rollcast/${hash}${number > 0 ? `/${number}` : ''}`
}

/** Takes the lock of run directory `dir`, which exists; LOG_LOCKED names the holder's pid. */
export async function takeLock(dir: string, startedAt: number): Promise<LogLock> {
  const name = socketName(dir)
  const lock = await bind(name, { pid: process.pid, startedAt, dir })
  if (lock) return lock
  const holder = await askHolder(dir)
  throw lockedError(dir, holder ?? ownerOfSocket(name, LOOK_MILLIS_MAX))
}

/** Throws LOG_LOCKED when `name`, a lock that this process holds, is not the log's any more. */
export function checkHeld(dir: string, name: string): void {
  const current = socketName(dir)
  if (current !== name) throw lockedError(dir, ownerOfSocket(current, LOOK_MILLIS_MAX))
}

/**
 * Takes the lock from a holder that does not answer; undefined when nobody holds it. Throws
 * LOG_LOCKED when the holder answers: it can be asked to end.
 */
export async function displaceHolder(
  dir: string,
  startedAt: number,
): Promise<DisplacingLock | undefined> {
  const number = takeovers(dir)
  const name = socketName(dir, number)
  if (!(await isHeld(dir))) return undefined
  const holder = await askHolder(dir)
  if (holder) throw lockedError(dir, holder)
  const displaced = ownerOfSocket(name, LONG_LOOK_MILLIS_MAX)
  const next = socketName(dir, number + 1)
  const lock = await bind(next, { pid: process.pid, startedAt, dir })
  if (!lock) throw lockedError(dir, ownerOfSocket(next, LOOK_MILLIS_MAX))
  return {
    ...lock,
    displaced,
    confirm() {
      const file = takeoversFile(dir)
      writeFileSync(`${file}.new`, `${number + 1}\n`)
      renameSync(`${file}.new`, file)
    },
  }
}

/** A lock of that name; undefined when the name is taken. */
async function bind(name: string, holder: HolderInfo): Promise<LogLock | undefined> {
  let info = holder
  const asking = new Set<Socket>()
  const server = createServer(socket => {
    asking.add(socket)
    socket.on('close', () => asking.delete(socket))
    socket.on('error', () => socket.destroy())
    // Whoever asks may be stopped, and never hang up.
    socket.end(`${JSON.stringify(info)}\n`, () => socket.destroy())
  })
  if (!(await listen(server, name))) return undefined
  server.unref()
  return {
    name,
    update(extra) {
      info = { ...info, ...extra }
    },
    release: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        // The server is closed when nobody is connected any more: nobody is waited for.
        for (const socket of asking) socket.destroy()
      }),
  }
}

/** False when the name is taken. */
function listen(server: Server, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen({ path: name, exclusive: true }, () => resolve(true))
  })
}

function lockedError(dir: string, holder: HolderInfo | SocketOwner | undefined): RollcastError {
  const silent = holder === undefined || holder['stopped'] === true
  const who = holder ? `process ${holder.pid}` : 'a process that does not answer'
  const advice = silent
    ? '; if that is stopped: continue it (kill -CONT), end it, or run `rollcast log takeover`'
    : ''
  const message = `${dir}: the log is being written by ${who}${advice}`
  return new RollcastError('LOG_LOCKED', message, { temporary: true })
}

/** Whether somebody writes to the log of run directory `dir`, be it one who does not answer. */
export function isHeld(dir: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connectTo(dir)
  // A listener's kernel accepts for it; only a name that nobody has is refused.
  socket?.once('connect', () => resolve(true))
  socket?.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  if (!socket) resolve(false)
  return promise.finally(() => socket?.destroy())
}

/**
 * Who writes to the log of run directory `dir`; undefined when nobody does, or when the holder
 * does not answer within 50 ms.
 */
export function askHolder(dir: string): Promise<HolderInfo | undefined> {
  const { promise, resolve } = Promise.withResolvers<HolderInfo | undefined>()
  const socket = connectTo(dir)
  if (!socket) return Promise.resolve(undefined)
  let text = ''
  const finish = (): void => {
    socket.destroy()
    resolve(parseHolder(text))
  }
  socket.setEncoding('utf8')
  socket.setTimeout(ANSWER_MILLIS_MAX, finish)
  socket.on('error', finish)
  socket.on('end', finish)
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.includes('\n') || text.length > ANSWER_BYTES_MAX) finish()
  })
  return promise
}

/** The process that writes to the log of run directory `dir`, also when it does not answer. */
export async function holderPid(dir: string): Promise<number | undefined> {
  const holder = await askHolder(dir)
  if (holder) return holder.pid
  if (!(await isHeld(dir))) return undefined
  return ownerOfSocket(socketName(dir), LONG_LOOK_MILLIS_MAX)?.pid
}

/** Undefined when there is no such directory. */
function connectTo(dir: string): Socket | undefined {
  try {
    return connect(socketName(dir))
  } catch {
    return undefined
  }
}

function parseHolder(text: string): HolderInfo | undefined {
  try {
    const info: unknown = JSON.parse(text)
    const known = typeof info === 'object' && info !== null && 'pid' in info
    return known ? (info as HolderInfo) : undefined
  } catch {
    return undefined
  }
}
