// Makes the golden run of format 1: what a real run recorded, with the state that its aggregator
// had while it was live (a snapshot) and the index that it wrote. Run it only for a new format, in
// a new folder: the files of a released format never change.
//
//   node tests/golden/run-v1/make.ts
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRun } from '../../../src/index.ts'
import { compactLog } from '../../../src/store/compact.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { replayLog } from '../replay.ts'

const dir = mkdtempSync(join(tmpdir(), 'rollcast-golden-'))
const folder = import.meta.dirname
try {
  for (const life of [1, 2]) {
    const run = await startRun({ dir, name: 'golden', handleSignals: false, config: { life } })
    for (const agent of ['a', 'b']) {
      const recorder = run.recorder(agent)
      for (let episode = 1; episode <= 3; episode++) {
        recorder.begin({ seed: episode, stage: Math.min(episode, 2), epsilon: 1 / episode })
        for (let step = 0; step < 20 * life; step++) {
          const terminated = step === 20 * life - 1
          const reward = (step % 5) * 0.1 * life
          const position = [step, -episode]
          recorder.step({ reward, action: step % 4, position, meters: { energy: 0.5 }, terminated })
          if (step % 10 === 0) {
            recorder.frame({ width: 4, height: 4, data: new Uint8Array(48).fill(step) })
          }
        }
        recorder.end()
        recorder.metrics({ loss: 1 / (episode + life), entropy: Math.sin(episode) }, episode * 100)
      }
    }
    run.recorder('a').insight('note', { text: `life ${life}` })
    await run.flush()
    await run.close()
  }
  await compactLog(dir)
  copyFileSync(dataFile(dir), join(folder, 'data.mdb'))
  writeFileSync(join(folder, 'state.sha256'), `${(await replayLog(dir)).hash}\n`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
