// Plays short episodes with frames under a keep rule until it is killed, or as many as it is told.
//   keeping.child.ts DIR RULE [EPISODES]
import { startRun } from '../../../src/index.ts'

const [dir = '', keep = '', episodes] = process.argv.slice(2)
const run = await startRun({ dir, keep })
console.log(JSON.stringify({ started: true }))
const recorder = run.recorder('a')
const data = new Uint8Array(32 * 32 * 3)
for (let episode = 0; episode < Number(episodes ?? Number.POSITIVE_INFINITY); episode++) {
  recorder.begin()
  for (let i = 0; i < 10; i++) {
    recorder.step({ reward: (episode * 7) % 11, terminated: i === 9 && episode % 3 === 0 })
    recorder.frame({ width: 32, height: 32, data: data.fill(i) })
  }
  if (episode % 10 === 9) recorder.discard()
  else recorder.end()
  await new Promise(resolve => setTimeout(resolve, 2))
}
await run.close()
