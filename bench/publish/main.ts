// `npm run bench:report [-- MACHINE]`: puts the newest saved results of a machine into
// docs/performance.md and README.md, with what has a bar of the others, and draws their charts into
// docs/performance.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeError } from '../../src/base/errors.ts'
import { machineName, readResults, savedMachines } from '../results.ts'
import { chartsOf, fillPage } from './pages.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = ['docs/performance.md', 'README.md']

/** The machine asked for; else this one, if it has results; else the first that has. */
function chooseMachine(asked: string | undefined): string {
  const saved = savedMachines()
  const own = machineName()
  return asked ?? (saved.includes(own) ? own : (saved[0] ?? own))
}

try {
  const machine = chooseMachine(process.argv[2])
  const results = readResults(machine)
  const others = savedMachines().filter(each => each !== machine)
  const folder = join(root, 'docs/performance')
  mkdirSync(folder, { recursive: true })
  for (const [file, chart] of chartsOf(results)) {
    writeFileSync(join(folder, file), chart)
    process.stdout.write(`docs/performance/${file}\n`)
  }
  for (const page of PAGES) {
    const path = join(root, page)
    writeFileSync(
      path,
      fillPage(readFileSync(path, 'utf8'), results, page, others.map(readResults)),
    )
    process.stdout.write(`${page}\n`)
  }
} catch (error) {
  process.stderr.write(`bench:report: ${describeError(error)}\n`)
  process.exitCode = 1
}
