// A trainer whose machine has the clock that libfaketime gives it. argv: DIR, and FILE, which that
// library reads the time from: it is written anew in the middle of the run. Says what it did.
import { writeFileSync, writeSync } from 'node:fs'
import { startRun } from '../../../src/index.ts'

const [, , dir = '', file = '', ...times] = process.argv
const STEPS_PER_TIME = 200

const run = await startRun({ dir, handleSignals: false })
const recorder = run.recorder('agent')
let steps = 0
let flushed = true
for (const time of times) {
  writeFileSync(file, time)
  for (let i = 0; i < STEPS_PER_TIME; i++) {
    if (recorder.episode === 0) recorder.begin({ seed: steps })
    const terminated = steps % 50 === 49
    recorder.step({ reward: 1, position: [steps++], terminated })
    if (terminated) recorder.end()
    if (i % 20 === 0) await new Promise(resolve => setTimeout(resolve, 2))
  }
  flushed &&= await run.flush()
}
await run.close()
writeSync(1, `${JSON.stringify({ steps, flushed, wallMillis: Date.now() })}\n`)
