// Plays a workload on a log and kills itself at its end, in the middle of things. Says what it was
// told: `opening`, `open <epoch>`, `ack <seq>`, `closed`.
import { writeSync } from 'node:fs'
import { compactLog } from '../../../src/store/compact.ts'
import type { Durability, LogWriter } from '../../../src/store/event-log.ts'
import { openLog } from '../../../src/store/open-log.ts'
import { contributionAt } from '../workload.ts'
import { eventsOf, FRAMES_KEPT, foldAt, type Step, stepsOf } from './workloads.ts'

const [, , dir, workload, seed] = process.argv as [string, string, string, string, string]
const say = (line: string): void => void writeSync(1, `${line}\n`)
let writer: LogWriter

async function open(durability: Durability): Promise<LogWriter> {
  say('opening')
  const opened = await openLog(dir, { durability, freeBytesMin: 0 })
  say(`open ${opened.report.epoch}`)
  opened.writer.onDurable(({ seq }) => say(`ack ${seq}`))
  return opened.writer
}

async function append(step: Step & { kind: 'append' }): Promise<void> {
  const contribution = contributionAt(eventsOf(workload), writer.nextSeq, step.count)
  const { row, snapshot } = foldAt(contribution.position)
  const beside = step.fold ? { rows: [row], snapshot } : {}
  const { durable } = writer.append({ ...contribution, ...beside })
  if (step.wait) await durable
}

async function play(step: Step): Promise<void> {
  if (step.kind === 'open') writer = await open(step.durability)
  else if (step.kind === 'append') await append(step)
  else if (step.kind === 'prune')
    await writer.dropFrames({ beforeSeq: writer.nextSeq - 2 * FRAMES_KEPT })
  else if (step.kind === 'rest') await new Promise(resolve => setTimeout(resolve, step.millis))
  else if (step.kind === 'close') {
    await writer.close()
    say('closed')
  } else {
    say('opening')
    await compactLog(dir)
  }
}

setInterval(() => {}, 1000) // the log's own timers keep no process alive
for (const step of stepsOf(workload, Number(seed))) await play(step)
process.kill(process.pid, 'SIGKILL')
