// Finds processes that another one has started, from the list of the kernel.
import { readdirSync, readFileSync } from 'node:fs'

/** The script of the process that writes a log. */
export const LOG_PROCESS = '/store/storage-process.'

/** The children of process `pid` whose command line has `script` in it. */
export function findChildren(pid: number | 'self', script: string): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .map(Number)
    .filter(child => child > 0 && commandLine(child).includes(script))
}

/** False also of one that has ended and that nobody has asked about yet. */
export const isAlive = (pid: number): boolean => commandLine(pid) !== ''

/** Of a process that has ended it is empty. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
