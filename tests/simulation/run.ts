// Runs seeds of the simulation by hand:
//   node tests/simulation/run.ts --seed N [--steps M] [--trace]     one seed, exactly as it was
//   node tests/simulation/run.ts --seed N --count C [--steps M]     C seeds from N on
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    steps: { type: 'string', default: '1000' },
    trace: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.count)
const steps = Number(values.steps)
const onLine = values.trace ? (line: string): void => console.log(line) : undefined
const startedAt = performance.now()
let failed = 0
for (let seed = first; seed < first + count; seed++) {
  const outcome = await simulate(seed, { steps, ...(onLine ? { onLine } : {}) })
  const { violation, story, traceHash, virtualMillis, processes, events } = outcome
  if (violation === undefined && count > 1) continue
  if (violation === undefined) {
    const seconds = (virtualMillis / 1000).toFixed(1)
    console.log(`seed ${seed}: well; trace ${traceHash.toString(16)}, ${outcome.steps} steps, `)
    console.log(`${seconds} s of its time, ${processes} processes, ${events} events`)
    continue
  }
  failed++
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  console.log(`seed ${seed} of commit ${commit} after ${outcome.steps} steps: ${violation}`)
  if (!values.trace && count === 1) console.log(story)
}
const seconds = (performance.now() - startedAt) / 1000
console.log(`${count} seeds in ${seconds.toFixed(1)} s, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
