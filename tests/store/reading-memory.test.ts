// How much of a long log is held at once while it is read.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test(
  'G2 memory is bounded by two batches, not by the log',
  withRunDirectory(async dir => {
    const { writer } = await openLog(dir)
    for (let i = 1; i <= 96; i++) {
      const { durable } = writer.append(contribution([metric(i, MIB)], i))
      if (i % 16 === 0) await durable
    }
    await writer.flush()
    const reader = openLogReader(dir, { check: false, readOnly: false })
    let bytes = 0
    let held = 0
    let read = 0
    const alive: WeakRef<Uint8Array>[] = []
    for (const batch of reader.batches({ fromSeq: 1 })) {
      bytes += batch.records.byteLength
      alive.push(new WeakRef(batch.records))
      if (++read % 8 > 0) continue
      // What was read in this turn of the event loop is held by its weak reference.
      await new Promise(resolve => setImmediate(resolve))
      collectGarbage()
      held = Math.max(held, alive.filter(ref => ref.deref()).length)
    }
    expect(bytes).toBeGreaterThan(96 * MIB)
    expect(held).toBeLessThanOrEqual(8)
    await reader.close()
    await writer.close()
  }),
)
