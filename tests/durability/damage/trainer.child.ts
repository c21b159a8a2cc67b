// A trainer whose run directory holds a log, whole or not. It trains whatever becomes of the
// recording, and says so at its end, as JSON. argv: run directory, seed of its numbers.
import { RollcastError, type Run, startRun } from '../../../src/index.ts'

const [dir = '', seed = ''] = process.argv.slice(2)
const STEPS = 500
const EPISODE_STEPS = 50
const problems: string[] = []

let run: Run | undefined
let refused: { code: string; message: string } | undefined
try {
  run = await startRun({
    dir,
    live: { port: 0 },
    onProblem: ({ code }) => void problems.push(code),
  })
} catch (error) {
  const code = error instanceof RollcastError ? error.code : 'OTHER'
  refused = { code, message: String(error) }
}
const recorder = run?.recorder('agent')
const pixels = new Uint8Array(32 * 32 * 3)
let trained = 0
for (; trained < STEPS; trained++) {
  const index = trained % EPISODE_STEPS
  if (index === 0) recorder?.begin({ seed: Number(seed) })
  recorder?.step({
    reward: 1,
    position: [trained, Number(seed)],
    terminated: index === EPISODE_STEPS - 1,
  })
  if (index % 10 === 0) recorder?.frame({ width: 32, height: 32, data: pixels.fill(trained & 255) })
  if (index === EPISODE_STEPS - 1) recorder?.end()
  // Episodes at a pace, so that all actors meet the log.
  if (index === 0) await new Promise(resolve => setTimeout(resolve, 20))
}
await run?.close()
process.stdout.write(`${JSON.stringify({ trained, refused: refused ?? null, problems })}\n`)
