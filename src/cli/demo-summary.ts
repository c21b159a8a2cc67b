// What a demo leaves on record, read back from its log, and the summary for a person.
import { join } from 'node:path'
import type { CurvePoint } from '../../examples/demo/learning-curve.ts'
import type { DemoResult } from '../../examples/demo.ts'
import { MIB } from '../base/bytes.ts'
import type { EventType } from '../protocol/events.ts'
import { selectEvents } from './select-events.ts'
import { tableLines } from './table.ts'
import { withLog } from './with-log.ts'
import { brief, counted } from './wording.ts'

export interface DemoFacts {
  /** Events that this run appended, of the trainer and of its actors. */
  readonly events: number
  readonly durableSeq: number
  readonly milestones: readonly DemoMilestone[]
  readonly video: { readonly files: number; readonly frames: number; readonly bytes: number }
  readonly dataset: { readonly episodes: number; readonly rows: number }
}

interface DemoMilestone {
  readonly milestone: string
  readonly agent: string
  readonly episode: number
  readonly value: number
  readonly previous: number | null
}

const CURVE_LINES = 12

/** Reads the log of a demo that has been closed. */
export function readDemoFacts({ runDir, epoch }: DemoResult): Promise<DemoFacts> {
  const types = new Set<EventType>(['milestone_reached', 'video_committed', 'episode_saved'])
  return withLog(runDir, reader => {
    const layouts = reader.layouts()
    const milestones: DemoMilestone[] = []
    const video = { files: 0, frames: 0, bytes: 0 }
    const dataset = { episodes: 0, rows: 0 }
    let events = 0
    for (const batch of reader.batches({ fromSeq: 1 })) {
      // A log that was there before goes on under a new epoch.
      if (batch.epoch !== epoch) continue
      events += batch.count
      for (const { event } of selectEvents(batch, layouts, types)) {
        if (event.type === 'video_committed') {
          video.files++
          video.frames += event.frames
          video.bytes += event.bytes
        }
        if (event.type === 'episode_saved') {
          dataset.episodes++
          dataset.rows += event.rows
        }
        if (event.type !== 'milestone_reached') continue
        const { milestone, agent, episode, value, previous } = event
        milestones.push({ milestone, agent, episode, value, previous })
      }
    }
    return { events, durableSeq: reader.durable().seq, milestones, video, dataset }
  })
}

export function summaryLines(result: DemoResult, facts: DemoFacts): string[] {
  const { episodes, steps, frames, seconds, trainerCostPercent, stepNanos } = result
  const dropped = Object.entries(result.dropped).filter(([, count]) => count > 0)
  const sums = [counted(episodes, 'episode'), counted(steps, 'step'), counted(frames, 'frame')]
  const lines = [
    '',
    `${sums.join(', ')} in ${seconds.toFixed(1)} s`,
    `${counted(facts.events, 'event')} on record, ${counted(facts.milestones.length, 'milestone')}`,
    `recording took ${brief(trainerCostPercent)} % of the trainer's time, ` +
      `${Math.round(stepNanos)} ns a step`,
    dropped.length === 0
      ? 'no channel gave anything up'
      : `given up for newer material: ${dropped.map(([name, n]) => `${name} ${n}`).join(', ')}`,
    '',
    ...curveLines(summed(result.learningCurve)),
    '',
    `once more:  rollcast replay ${result.runDir}`,
    ...madeLines(result.runDir, facts),
  ]
  return result.healthy ? lines : [...lines, 'the run was NOT healthy: see rollcast.log there']
}

function curveLines(points: readonly CurvePoint[]): string[] {
  const hasStages = points.some(({ stage }) => stage > 0)
  return tableLines<CurvePoint>(
    [
      ['until', point => `${point.seconds} s`],
      ['episodes', point => point.episodes],
      ['mean survival', point => Math.round(point.meanSurvival)],
      ...(hasStages ? [['stage', (point: CurvePoint) => point.stage] as const] : []),
    ],
    points,
  )
}

function madeLines(runDir: string, { video, dataset }: DemoFacts): string[] {
  const { files, frames, bytes } = video
  if (files === 0) return []
  const size = `${brief(bytes / MIB)} MiB`
  const rows = `${counted(dataset.episodes, 'episode')} with ${counted(dataset.rows, 'row')}`
  return [
    `videos:     ${join(runDir, 'video')}: ${counted(frames, 'frame')} in ${counted(files, 'file')}, ${size}`,
    `dataset:    ${join(runDir, 'dataset')}: ${rows}`,
    `as a file:  rollcast export mp4 ${runDir} --episode N`,
  ]
}

/** At most `CURVE_LINES` points, each the sum of as many neighbours. */
function summed(points: readonly CurvePoint[]): CurvePoint[] {
  const size = Math.ceil(points.length / CURVE_LINES)
  const groups = points
    .filter((_, i) => i % size === 0)
    .map((_, i) => points.slice(i * size, (i + 1) * size))
  return groups.map(group => {
    const episodes = group.reduce((sum, point) => sum + point.episodes, 0)
    const survival = group.reduce((sum, point) => sum + point.episodes * point.meanSurvival, 0)
    return {
      seconds: group.at(-1)!.seconds,
      episodes,
      meanSurvival: survival / episodes,
      stage: Math.max(...group.map(point => point.stage)),
    }
  })
}
