// A thread that encodes AV1; prints what /proc says of the scheduling of all threads meanwhile, and
// what the thread may do before and after. One line of JSON.
import { readdirSync, readFileSync } from 'node:fs'
import { isMainThread, parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { giveUpRealTime } from '../../src/media/ordinary-priority.ts'
import { begin, shapeOf } from './make-segment.ts'
import { picture } from './pictures.ts'

export interface PriorityReport {
  /** By koffi, where it is missing. */
  readonly without: boolean
  readonly before: boolean
  readonly after: boolean
  readonly threads: number
  /** SCHED_OTHER is 0, SCHED_FIFO 1, SCHED_RR 2: proc_pid_stat(5), field 41. */
  readonly policies: readonly number[]
}

function mayBeRealTime(): boolean {
  const status = readFileSync('/proc/thread-self/status', 'utf8')
  const [, effective = ''] = /^CapEff:\s*(\S+)$/m.exec(status) ?? []
  return ((BigInt(`0x${effective}`) >> 23n) & 1n) === 1n
}

function policyOf(task: string): number {
  const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3])
}

function encode(path: string): PriorityReport {
  const before = mayBeRealTime()
  const without = giveUpRealTime(() => {
    throw new Error('there is no such package')
  })
  const given = { width: 64, height: 64, profile: 'lerobot' } as const
  const segment = begin(loadMedia(), path, given)
  for (const number of [0, 1, 2]) segment.encode(picture(shapeOf(given), number))
  const tasks = readdirSync('/proc/self/task')
  const policies = [...new Set(tasks.map(policyOf))]
  segment.finish()
  return { without, before, after: mayBeRealTime(), threads: tasks.length, policies }
}

if (!isMainThread) parentPort?.postMessage(encode(workerData as string))
else {
  loadMedia()
  const workerData = process.argv[2] ?? ''
  const worker = new Worker(new URL(import.meta.url), { workerData, env: SHARE_ENV })
  worker.on('message', report => console.log(JSON.stringify(report)))
}
