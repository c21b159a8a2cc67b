// Plays episodes into a run that makes a dataset, and looks at what came of it.
import { join } from 'node:path'
import { checkDataset } from '../../src/export/lerobot/check.ts'
import { videoTool } from '../../src/export/video-tool.ts'
import type { RunOptions } from '../../src/index.ts'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import type { Run } from '../../src/runtime/run.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { ffmpeg } from './written-run.ts'

const CAMERAS = { eye: { width: 64, height: 64 }, wrist: { width: 80, height: 48 } }
type Camera = keyof typeof CAMERAS

interface Play {
  readonly steps?: number
  readonly cameras?: readonly Camera[]
  /** Cameras that give no picture from this step on. */
  readonly stops?: Partial<Record<Camera, number>>
  readonly dies?: boolean
  readonly how?: 'end' | 'discard'
  readonly agent?: string
}

/** Plays an episode; one that does not die is truncated. */
export function play(
  run: Run,
  { steps = 12, cameras = ['eye', 'wrist'], stops = {}, dies = true, ...more }: Play = {},
) {
  const recorder = run.recorder(more.agent ?? 'a')
  recorder.begin()
  for (let step = 0; step < steps; step++) {
    const last = step === steps - 1
    const observation = [step, -step]
    const over = { terminated: last && dies, truncated: last && !dies }
    recorder.step({ observation, action: step % 3, reward: 1, ...over })
    for (const camera of cameras) {
      if (step >= (stops[camera] ?? steps)) continue
      const { width, height } = CAMERAS[camera]
      const data = new Uint8Array(width * height * 3).fill(step * 10)
      recorder.frame({ camera, width, height, data })
    }
  }
  recorder[more.how ?? 'end']()
}

export const options = (dir: string, more: Partial<RunOptions> = {}): RunOptions => {
  return { dir, video: true, dataset: true, handleSignals: false, closeMillisMax: 30_000, ...more }
}

export async function facts<T extends Event['type']>(dir: string, type: T): Promise<EventOf<T>[]> {
  const reader = openLogReader(dir, { check: false, readOnly: false })
  try {
    const all = [...reader.events({ fromSeq: 1 })].map(({ event }) => event)
    return all.filter((event): event is EventOf<T> => event.type === type)
  } finally {
    await reader.close()
  }
}

export const saved = async (dir: string) =>
  (await facts(dir, 'episode_saved')).map(fact => [fact.episode, fact.datasetEpisode, fact.rows])
export const refused = async (dir: string) =>
  (await facts(dir, 'episode_refused')).map(({ episode, reason }) => [episode, reason])

/** The dataset of `dir` by the checker; as many frames as rows is among what it looks at. */
export async function checked(dir: string, root = join(dir, 'dataset')) {
  const { findings, unchecked, episodes, frames } = await checkDataset(root, videoTool(ffmpeg()))
  return { findings: [...findings, ...unchecked], episodes, frames }
}

export const sound = (episodes: number, frames: number) => ({ findings: [], episodes, frames })

export const stateOf = (run: Run): string | undefined =>
  run.status?.actors.find(({ name }) => name === 'dataset')?.state

export const restartsOf = (run: Run): number =>
  run.status?.actors.find(({ name }) => name === 'dataset')?.restarts ?? 0
