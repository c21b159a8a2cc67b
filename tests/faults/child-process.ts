// Finds a process that another one has started, from the list of the kernel.
import { readdirSync, readFileSync } from 'node:fs'

/** The script of the process that writes a log. */
export const LOG_PROCESS = '/store/storage-process.'

/** The child of process `pid` whose command line has `script` in it; undefined without one. */
export function findChild(pid: number | 'self', script: string): number | undefined {
  const children = readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  )
  const found = children.find(child => commandLine(Number(child)).includes(script))
  return found === undefined ? undefined : Number(found)
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
