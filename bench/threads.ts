// Processor time of this process's threads, from the kernel's own accounts: it is exact where
// process.cpuUsage is not, and says which thread.
import { readdirSync, readFileSync } from 'node:fs'

const TASKS = '/proc/self/task'

export interface ThreadTime {
  readonly name: string
  readonly millis: number
}

/** Time on a processor so far, by thread id. A thread that ends meanwhile is left out. */
export function threadTimes(): Map<string, ThreadTime> {
  const times = new Map<string, ThreadTime>()
  for (const id of readdirSync(TASKS)) {
    try {
      const name = readFileSync(`${TASKS}/${id}/comm`, 'utf8').trim()
      const nanos = readFileSync(`${TASKS}/${id}/schedstat`, 'utf8').split(' ')[0]
      times.set(id, { name, millis: Number(nanos) / 1e6 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return times
}

/** What each thread but the main one used between two readings, by name; like names are summed. */
export function timeBetween(
  before: ReadonlyMap<string, ThreadTime>,
  after: ReadonlyMap<string, ThreadTime>,
): Map<string, number> {
  const used = new Map<string, number>()
  for (const [id, { name, millis }] of after) {
    if (id === String(process.pid)) continue
    const spent = millis - (before.get(id)?.millis ?? 0)
    used.set(name, (used.get(name) ?? 0) + spent)
  }
  return used
}
