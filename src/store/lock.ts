// One writer a log. The lock is an abstract Unix socket, so the kernel frees it with the process;
// whoever connects is told who holds it. Its name is a hash of the directory's real path. It does
// not reach where the same directory has another path or another network namespace (containers):
// there the epoch fences the older writer.
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { RollcastError } from '../base/errors.ts'

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
  /** Adds to what others are told, such as `{ url }`. */
  update(extra: Readonly<Record<string, unknown>>): void
  release(): Promise<void>
}

const ANSWER_MILLIS_MAX = 80
const ANSWER_BYTES_MAX = 65_536

function socketName(dir: string): string {
  const hash = createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)
  return `\0rollcast/${hash}`
}

/** Takes the lock of run directory `dir`, which exists; LOG_LOCKED names the holder's pid. */
export async function takeLock(dir: string, startedAt: number): Promise<LogLock> {
  let info: HolderInfo = { pid: process.pid, startedAt, dir }
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end(`${JSON.stringify(info)}\n`)
  })
  if (!(await listen(server, socketName(dir)))) throw lockedError(dir, await askHolder(dir))
  server.unref()
  return {
    update(extra) {
      info = { ...info, ...extra }
    },
    release: () => new Promise(resolve => server.close(() => resolve())),
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

function lockedError(dir: string, holder: HolderInfo | undefined): RollcastError {
  const who = holder ? `process ${holder.pid}` : 'a process that does not answer'
  return new RollcastError('LOG_LOCKED', `${dir}: the log is being written by ${who}`, {
    temporary: true,
  })
}

/**
 * Who writes to the log of run directory `dir`; undefined when nobody does, or when the holder
 * does not answer within 80 ms.
 */
export function askHolder(dir: string): Promise<HolderInfo | undefined> {
  const { promise, resolve } = Promise.withResolvers<HolderInfo | undefined>()
  let name: string
  try {
    name = socketName(dir)
  } catch {
    return Promise.resolve(undefined)
  }
  const socket = connect(name)
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

function parseHolder(text: string): HolderInfo | undefined {
  try {
    const info: unknown = JSON.parse(text)
    const known = typeof info === 'object' && info !== null && 'pid' in info
    return known ? (info as HolderInfo) : undefined
  } catch {
    return undefined
  }
}
