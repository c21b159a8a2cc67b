// A writer in a process of its own, to be killed or to meet a bad disk. argv: a JSON Task. It says
// what it does before and after it does it, one line at a time, straight to the pipe: what was said
// has left the process, whatever happens to it next. The lines are read in writer.ts.
import { writeSync } from 'node:fs'
import { RollcastError } from '../../../src/base/errors.ts'
import type { LogWriter } from '../../../src/store/event-log.ts'
import { openLog } from '../../../src/store/open-log.ts'
import { contributionAt } from '../workload.ts'
import type { LogTask, Task } from './writer.ts'

const task = JSON.parse(process.argv[2] ?? '{}') as Task
const now = (): string => (performance.timeOrigin + performance.now()).toFixed(2)
const say = (...words: unknown[]): void => void writeSync(1, `${words.join(' ')}\n`)
const codeOf = (error: unknown): string => (error instanceof RollcastError ? error.code : 'OTHER')

// Promises that never settle must not end the process: that they do is what is asked.
const alive = setInterval(() => {}, 1000)

async function write(name: number, log: LogTask): Promise<void> {
  const opening = performance.now()
  const { writer, report } = await openLog(log.dir, log)
  say('opened', name, report.epoch, report.lastSeq, (performance.now() - opening).toFixed(1))
  writer.onFailure(error => say('failed', name, now(), codeOf(error)))
  const inFlight: Promise<void>[] = []
  for (let n = 0; n < task.contributions && !writer.failure; n++) {
    const settled = append(name, log, writer)
    if (settled) inFlight.push(settled)
    const pause = task.pauseMillis ?? (settled ? 0 : 20)
    if (pause > 0) await new Promise(resolve => setTimeout(resolve, pause))
    if (inFlight.length >= log.window) await inFlight.shift()
  }
  await Promise.all(inFlight)
  // What a disk says after it has failed is not asked for: this is refused.
  if (writer.failure) append(name, log, writer)
  await writer.close()
  say('closed', name, now())
}

/** Appends what comes next; undefined when it was refused. */
function append(name: number, log: LogTask, writer: LogWriter): Promise<void> | undefined {
  const contribution = contributionAt(log.workload, writer.nextSeq, log.batch)
  const { position } = contribution
  say('emitted', name, position, now())
  let durable: Promise<unknown>
  try {
    durable = writer.append(contribution).durable
  } catch (error) {
    say('refused', name, position, now(), codeOf(error), writer.stats().pendingBytes)
    return undefined
  }
  // The planted bug of negative controls.
  if (task.acknowledgeEarly) durable = new Promise(resolve => setImmediate(resolve))
  return durable.then(
    () => say('acknowledged', name, position, now()),
    error => say('rejected', name, position, now(), codeOf(error)),
  )
}

say('started', process.pid, now())
const ends = task.logs.map((log, name) =>
  write(name, log).catch(error => say('threw', name, now(), codeOf(error))),
)
await Promise.all(ends)
say('ended', now())
clearInterval(alive)
