// Commits one event after the other as fast as it can, until it is told to stop; says how many were
// acknowledged. argv: DIR.
import { writeSync } from 'node:fs'
import { openLog } from '../../../src/store/open-log.ts'
import { contributionAt } from '../workload.ts'

const { writer } = await openLog(process.argv[2] ?? '', { durability: 'sync' })
let goesOn = true
process.on('SIGTERM', () => {
  goesOn = false
})
await writer.append(contributionAt('steps', 1, 2)).durable
writeSync(1, '{"started":true}\n')
while (goesOn) {
  await writer.append(contributionAt('steps', writer.nextSeq, 1)).durable
  await new Promise(resolve => setImmediate(resolve))
}
const acknowledged = writer.durable.seq
await writer.close()
writeSync(1, `${JSON.stringify({ acknowledged })}\n`)
