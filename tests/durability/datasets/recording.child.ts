// A whole run that makes video and a dataset. argv: a JSON RecordingTask. Says what it does, one
// JSON a line: when it begins to start, when it has started, which episodes are durable, and its end.
import { writeSync } from 'node:fs'
import { startRun } from '../../../src/index.ts'
import type { VideoProfile } from '../../../src/media/profiles.ts'
import { openLogReader } from '../../../src/store/open-log.ts'
import { playEpisode } from './play-episode.ts'

export interface RecordingTask {
  readonly dir: string
  readonly profile: VideoProfile
  readonly keepFrames: boolean
  /** After so many it closes the run. */
  readonly episodes: number
  readonly stepMillis: number
  /** Before it closes the run it waits until every episode is saved or refused. Default false. */
  readonly settles?: boolean
  /** Instead of closing the run it kills itself. Default false. */
  readonly dies?: boolean
}

const task = JSON.parse(process.argv[2] ?? '{}') as RecordingTask
const say = (object: object): void => void writeSync(1, `${JSON.stringify(object)}\n`)
say({ moment: 'starting' })

const { dir, profile, keepFrames } = task
// How long a close takes is asked elsewhere (S7).
const run = await startRun({
  ...{ dir, video: { profile, keepFrames }, dataset: true, closeMillisMax: 600_000 },
  onProblem: ({ code, message }) => say({ problem: `${code} ${message}` }),
})
const recorder = run.recorder('agent')
say({ moment: 'recording' })

for (let played = 0; played < task.episodes; played++) {
  const episode = await playEpisode(recorder, task.stepMillis)
  recorder.end()
  void run.flush().then(durable => durable && say({ durable: episode }))
}
if (task.settles) {
  while (settled() < task.episodes) await new Promise(resolve => setTimeout(resolve, 20))
}
if (task.dies) process.kill(process.pid, 'SIGKILL')
say({ moment: 'closing' })
await run.close()
say({ moment: 'closed' })

/** Episodes of which the log says what became of them. */
function settled(): number {
  const reader = openLogReader(dir, { check: false, readOnly: false })
  const verdicts = [...reader.events({ fromSeq: 1 })].filter(({ event }) =>
    /^episode_(saved|refused)$/.test(event.type),
  )
  void reader.close()
  return verdicts.length
}
