// G5: the check of the file before it is mapped, beside a writer that commits all the time: pages
// that are written over between two of its reads are no damage.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkDataFile } from '../../../src/store/check-file.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { runs } from '../../faults/tier.ts'
import { runCommand, tempDir } from '../../runtime/harness.ts'

const program = fileURLToPath(new URL('./busy-writer.child.ts', import.meta.url))

test(
  'G5 a log that is written all the time is found whole',
  async () => {
    const dir = tempDir('/dev/shm')
    const writer = runCommand('writer', process.execPath, program, dir)
    await writer.hears('started')
    const until = performance.now() + runs(3_000, 20_000)
    while (performance.now() < until) {
      expect(checkDataFile(dataFile(dir))).toBe(true)
      await new Promise(resolve => setImmediate(resolve))
    }
    writer.process.kill('SIGTERM')
    expect((await writer.exited).code, writer.stderr()).toBe(0)
  },
  runs(30_000, 120_000),
)
