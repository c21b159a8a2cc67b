// S1 of those that record, the recorder and the encoder; and the campaign's controls.
import { expect, test } from 'vitest'
import type { Plant } from '../faults/plant.ts'
import { tier } from '../faults/tier.ts'
import { recordingInProcesses, recordingInThreads } from './kill-targets.ts'
import { declareKills } from './kills.ts'
import { CAMPAIGN_MILLIS_MAX, streamAndKill } from './stream-and-kill.ts'

const RECORDER = 'src/actors/recorder/recording.ts'
/** A recorder that gives room back before it is durable, and a log that does not ask what is missing. */
const forgetful: readonly Plant[] = [
  {
    file: RECORDER,
    find: 'const told = appended.durable.then(\n      () => ring.release(position),',
    replace: 'ring.release(position)\n    const told = appended.durable.then(\n      () => {},',
  },
  { file: RECORDER, find: 'after: this.#handed,', replace: '' },
]

/** A recorder that takes the death of the process that writes for that of the disk. */
const resigned: Plant = {
  file: RECORDER,
  find: 'if (!hasStopped(writer)) return\n        this.#lose(intake)',
  replace: 'this.#lose(intake)',
}

declareKills(recordingInThreads)
declareKills(recordingInProcesses)

const controls = [
  ['gives room back before it is durable', 'thread', 'exit', forgetful],
  ['gives up what its log`s process had in hand', 'process', 'SIGKILL', [resigned]],
] as const

if (tier === 'slow')
  test.each(controls)(
    'S1 the campaign notices a recorder that %s',
    async (_, logPlacement, how, plants) => {
      const hits = [{ actor: 'recorder', how, afterMillis: 0 }] as const
      const shots = Array.from({ length: 3 }, () => ({ hits, pauseMillis: 20 }))
      const options = { encoderPlacement: 'thread', logPlacement, shots, onDisk: true } as const
      const campaign = streamAndKill({ ...options, plants })
      const noticed = await campaign.then(({ verdict }) => verdict.problems.join(), String)
      // Steps are lost; or a layout is, without which no recorder can go on.
      expect(noticed).toMatch(/steps are missing|not back/)
    },
    CAMPAIGN_MILLIS_MAX,
  )
