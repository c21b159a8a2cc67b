// Opens a log that is written, again and again, as another process does. argv: DIR TIMES.
import { writeSync } from 'node:fs'
import { openForReading } from '../../../src/store/open-log.ts'

const [, , dir = '', times = '1'] = process.argv
const millis: number[] = []
for (let i = 0; i < Number(times); i++) {
  const before = performance.now()
  const storage = openForReading(dir)
  millis.push(performance.now() - before)
  await storage.close()
}
millis.sort((a, b) => a - b)
writeSync(1, `${JSON.stringify({ median: millis[millis.length >> 1], max: millis.at(-1) })}\n`)
