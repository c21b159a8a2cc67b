// Finds processes that another one has started, and threads, from the lists of the kernel.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pass } from 'node:timers/promises'

/** The script of the process that writes a log. */
export const LOG_PROCESS = '/store/storage-process.'

/** The children of process `pid` whose command line has `script` in it. */
export function findChildren(pid: number | 'self', script: string): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap(thread => read(`/proc/${pid}/task/${thread}/children`).split(' '))
    .map(Number)
    .filter(child => child > 0 && commandLine(child).includes(script))
}

/** False also of one that has ended and that nobody has asked about yet. */
export const isAlive = (pid: number): boolean => commandLine(pid) !== ''

/**
 * Stops process `pid` as SIGSTOP does; resolves when each of its threads stands still. Before, it may
 * still answer what it is sent: on another processor it runs on until the signal reaches it.
 */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const isStopped = (thread: string) =>
    /^State:\tT/m.test(read(`/proc/${pid}/task/${thread}/status`))
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) await pass(1)
}

/** Of the threads of this process; the kernel keeps 15 characters. */
export const threadNames = (): string[] =>
  readdirSync('/proc/self/task').map(thread => read(`/proc/self/task/${thread}/comm`).trim())

/** Of a process that has ended it is empty. */
const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`)

/** Empty for a thread or a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
