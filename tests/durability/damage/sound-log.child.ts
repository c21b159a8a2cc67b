// Makes a log in several lives. argv: run directory, workload, how the last life ends.
import { openLog } from '../../../src/store/open-log.ts'
import { contributionAt, type Workload } from '../workload.ts'
import { rowAt, snapshotAt, snapshotNames } from './sound-log.ts'

const [dir = '', workload = '', ending = ''] = process.argv.slice(2)
const steps = workload === 'steps'
const EPOCHS = 4
const BATCHES = steps ? 16 : 6
const COUNT_MAX = steps ? 31 : 5

for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const { writer } = await openLog(dir, { durability: 'sync' })
  for (let n = 1; n <= BATCHES; n++) {
    const count = 1 + (((epoch * BATCHES + n) * 17) % COUNT_MAX)
    const first = writer.nextSeq
    const last = first + count - 1
    const name = snapshotNames[n % snapshotNames.length]!
    const appended = writer.append({
      ...contributionAt(workload as Workload, first, count),
      ...(n % 2 === 0 ? { rows: [{ episode: first, bytes: rowAt(first) }] } : {}),
      ...(n % 4 < 3
        ? { snapshot: { name, version: 1, position: last, bytes: snapshotAt(last) } }
        : {}),
    })
    if (epoch === EPOCHS && n === BATCHES && ending === 'killed') {
      process.kill(process.pid, 'SIGKILL')
    }
    await appended.durable
  }
  // Leaves free pages behind, with old contents.
  if (epoch === 2) await writer.dropFrames({ beforeSeq: 10 })
  await writer.close()
}
