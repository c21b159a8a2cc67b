// A process that writes a log and then kills itself: `node fill-and-die.ts DIR MIB`. It prints the
// number of the last durable event. Half of the bytes are steps, half are frames.
import { writeSync } from 'node:fs'
import { KIB, MIB } from '../src/base/bytes.ts'
import type { Contribution } from '../src/store/event-log.ts'
import { openLog } from '../src/store/open-log.ts'
import { appendAll } from './append-all.ts'
import {
  contributionsOf,
  FRAME_BYTES,
  frameDeclaration,
  frameRecord,
  newPixels,
  stepMaterial,
} from './material.ts'

const [dir = '', mib = '0'] = process.argv.slice(2)
/** For `0 MiB`: a little of both. */
const LEAST_BYTES = 256 * KIB
const half = Math.max(LEAST_BYTES, (Number(mib) * MIB) / 2)
const { writer } = await openLog(dir)

function* steps(): Generator<Contribution> {
  const material = stepMaterial(4, 5)
  const bytes = material.records.byteLength
  for (let base = 0; base < half; base += bytes) {
    for (const part of contributionsOf(material)) {
      yield { ...part, producer: `steps:${writer.epoch}`, position: base + part.position }
    }
  }
}

function* frames(): Generator<Contribution> {
  const producer = `frames:${writer.epoch}`
  const pixels = newPixels(6)
  yield { producer, position: 1, records: frameDeclaration(), count: 1 }
  for (let index = 0; index * FRAME_BYTES < half; index++) {
    const records = frameRecord(index, pixels)
    yield {
      producer,
      position: index + 2,
      records,
      count: 1,
      frames: [{ index: 0, bytes: pixels }],
    }
  }
}

await appendAll(writer, steps())
await appendAll(writer, frames())
writeSync(1, String(writer.durable.seq))
process.kill(process.pid, 'SIGKILL')
