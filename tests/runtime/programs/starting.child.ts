// Starts a run with the options of a JSON in argv, plays an episode without frames and closes. Says
// whether it has started, or what the start threw.
import { startRun } from '../../../src/index.ts'

const say = (object: object): void => console.log(JSON.stringify(object))
try {
  const run = await startRun(JSON.parse(process.argv[2] ?? '{}'))
  const recorder = run.recorder('a')
  recorder.begin()
  for (let step = 0; step < 3; step++) recorder.step({ reward: step, terminated: step === 2 })
  recorder.end()
  await run.close()
  say({ started: true })
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  say({ code, message })
}
