// Frames without pixels are damage, unless a fact says why.
import { expect, test } from 'vitest'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import { openLog } from '../../src/store/open-log.ts'
import { salvageLog } from '../../src/store/salvage.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { contribution, declarations, frame } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

const released = (episode: number, toSeq: number): Event => ({
  ...{ type: 'episode_released', agent: 'agent-0', episode, reason: 'not_kept' },
  ...{ fromSeq: 1, toSeq, frames: 3 },
})

const committed = (fromIndex: number, frames: number, camera = 'main'): Event =>
  ({
    ...{ type: 'video_committed', agent: 'agent-0', camera, episode: 1, fromIndex, frames },
    ...{ fromSeq: 3 + fromIndex, toSeq: 2 + fromIndex + frames },
    ...{ file: 'f', bytes: 1, width: 8, height: 4, fps: 30, codec: 'av1', pixelFormat: 'p' },
    ...{ encoder: 'e', reason: 'r', statistics: {} },
  }) satisfies EventOf<'video_committed'>

/** Events 3 to 5 are the frames of episode 1, which are gone; 6 is one of episode 2. */
async function verdict(dir: string, facts: readonly Event[]) {
  const { writer } = await openLog(dir)
  const frames = [0, 1, 2].map(index => frame(1, index))
  await writer.append(contribution([...declarations, ...frames, frame(2, 0)], 1)).durable
  await writer.dropFrames({ episode: 1, fromSeq: 1, toSeq: 100 })
  if (facts.length > 0) await writer.append(contribution(facts, 2)).durable
  await writer.close()
  const { ok, problems, frames: held, prunedFrames } = await verifyLog(dir)
  const { framesLost } = await salvageLog(dir, `${dir}/salvaged`)
  // A salvage finds some of them in pages that are free.
  expect(framesLost).toBeLessThanOrEqual(problems.length)
  const after = await verifyLog(`${dir}/salvaged`)
  return {
    ok,
    missing: problems.map(({ seq }) => seq),
    held,
    prunedFrames,
    after: after.ok,
  }
}

const cases: readonly (readonly [string, readonly Event[], readonly number[]])[] = [
  ['nothing', [], [3, 4, 5]],
  ['the release of their episode', [released(1, 5)], []],
  ['the release of another episode', [released(2, 5)], [3, 4, 5]],
  ['a release of other events', [released(1, 4)], [5]],
  ['a video of them all', [committed(0, 3)], []],
  ['videos of some of them', [committed(0, 1), committed(2, 1)], [4]],
  ['a video of another camera', [committed(0, 3, 'wrist')], [3, 4, 5]],
]

test.each(cases)('P6 G4 frames that are gone are explained by %s', (_, facts, missing) =>
  withRunDirectory(async dir => {
    expect(await verdict(dir, facts)).toEqual({
      ...{ ok: missing.length === 0, missing, held: 1, prunedFrames: 3 },
      // A salvage says which ones it did not find, and so explains them.
      after: true,
    })
  })(),
)
