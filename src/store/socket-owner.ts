// Which process listens at an abstract Unix socket: it is looked up when that process does not say
// so itself, because it is busy or stopped. The kernel lists sockets in /proc/net/unix and every
// process's own in /proc/<pid>/fd, so this finds processes of the same user only.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'

export interface SocketOwner {
  readonly pid: number
  /** Stopped by a signal or a debugger: it will not answer before it is continued. */
  readonly stopped: boolean
}

const LISTENING = '01'

/** The process that listens at `name` (which begins with NUL), if it can be found in time. */
export function ownerOfSocket(name: string, millisMax: number): SocketOwner | undefined {
  const giveUpAt = systemClock.monotonic() + millisMax
  try {
    const inode = listeningInode(`@${name.slice(1)}`)
    if (inode === undefined) return undefined
    for (const pid of processIds()) {
      if (holds(pid, `socket:[${inode}]`)) return { pid, stopped: isStopped(pid) }
      if (systemClock.monotonic() > giveUpAt) return undefined
    }
    return undefined
  } catch {
    return undefined // no /proc here, or the process has just ended
  }
}

// Num RefCount Protocol Flags Type St Inode Path
function listeningInode(path: string): string | undefined {
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[7] === path && fields[5] === LISTENING) return fields[6]
  }
  return undefined
}

const processIds = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter(id => id > 0)

function holds(pid: number, link: string): boolean {
  try {
    const directory = `/proc/${pid}/fd`
    return readdirSync(directory).some(fd => readlinkSync(`${directory}/${fd}`) === link)
  } catch {
    return false // another user's, or gone
  }
}

/** The state is the first letter behind the name, which is in brackets and may hold anything. */
function isStopped(pid: number): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return /^[Tt]/.test(text.slice(text.lastIndexOf(')') + 2))
}
