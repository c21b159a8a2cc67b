// Appends to a log until it fails, as it must on a small disk, then goes on living for a moment.
// Says, line by line: `ack SEQ`, `failed CODE MESSAGE`, `alive`.
import { writeSync } from 'node:fs'
import { openLog } from '../../../src/store/open-log.ts'
import { contributionAt, type Workload } from '../workload.ts'

const [, , dir = '', workload, count, freeBytesMin, lies] = process.argv
const say = (line: string): void => void writeSync(1, `${line.replaceAll('\n', ' ')}\n`)
const keepAlive = setInterval(() => {}, 1_000)

const { writer } = await openLog(dir, {
  durability: 'sync',
  freeBytesMin: Number(freeBytesMin),
  // A quota is like that: the disk says that there is room, and there is none.
  faults: lies === 'lies' ? { freeBytes: () => 2 ** 40 } : {},
})
writer.onDurable(({ seq }) => say(`ack ${seq}`))
const failed = Promise.withResolvers<void>()
writer.onFailure(({ code, message }) => {
  say(`failed ${code} ${message}`)
  failed.resolve()
})
while (!writer.failure) {
  const next = contributionAt(workload as Workload, writer.nextSeq, Number(count))
  // What is rejected is told by the failure.
  await writer.append(next).durable.catch(() => {})
}
await failed.promise
try {
  writer.append(contributionAt(workload as Workload, writer.nextSeq, 1))
  say('taken after a failure')
} catch {
  // As it must be.
}
await writer.close()
// What a heap that was written over does to a process shows when the process goes on.
const blocks = Array.from({ length: 2_000 }, (_, i) => Buffer.allocUnsafeSlow(64 + (i % 512)))
await new Promise(resolve => setTimeout(resolve, 20))
say(blocks.length === 2_000 ? 'alive' : '')
clearInterval(keepAlive)
