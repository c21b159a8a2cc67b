// What each figure must reach. A bar is on a ratio to a peer of the same run where there is one: a
// machine that is slower, or busy, is slower for both.
import { assert } from '../src/base/assert.ts'
import type { Figure } from './suite.ts'

export interface Bar {
  readonly figure: string
  /** The peer whose ratio is meant; null for a figure that stands by itself. */
  readonly peer: string | null
  readonly of: 'ratio' | 'median'
  readonly sense: 'at least' | 'at most'
  readonly value: number
}

/** A figure that has a bar. */
export interface JudgedFigure {
  readonly bar: Bar
  readonly figure: Figure
}

const ratio = (figure: string, peer: string, sense: Bar['sense'], value: number): Bar => ({
  ...{ figure, peer, of: 'ratio', sense, value },
})

const median = (figure: string, sense: Bar['sense'], value: number): Bar => ({
  ...{ figure, peer: null, of: 'median', sense, value },
})

export const bars: readonly Bar[] = [
  ratio('append.events_per_second', 'raw', 'at least', 0.7),
  ratio('append.events_per_second', 'sqlite', 'at least', 3),
  ratio('append.large_events_per_second', 'raw', 'at least', 0.4),
  ratio('append.large_events_per_second', 'sqlite', 'at least', 3),
  ratio('append.frame_mib_per_second', 'raw', 'at least', 0.6),
  ratio('append.frame_mib_per_second', 'sqlite', 'at least', 3),
  median('append.dropped', 'at most', 0),
  ratio('replay.decode_events_per_second', 'raw', 'at least', 0.8),
  median('seek.p99_micros', 'at most', 1000),
  median('impact.loss_percent', 'at most', 0.25),
  median('impact.busy_loss_percent', 'at most', 1),
  median('latency.pixels_160x210_millis', 'at most', 8),
  median('latency.pixels_160x210_p99_millis', 'at most', 25),
  median('latency.pixels_640x480_millis', 'at most', 8),
  median('latency.pixels_640x480_p99_millis', 'at most', 25),
  median('fastlane.publish_ratio', 'at most', 1.3),
  median('fastlane.p99_micros', 'at most', 1000),
  median('fastlane.torn_frames', 'at most', 0),
  ratio('encode.frames_per_second', 'ffmpeg', 'at least', 0.95),
  median('encode.frames_lost', 'at most', 0),
  ratio('save.millis', 'png', 'at most', 0.05),
  median('save.trainer_blocked_millis', 'at most', 1),
  ratio('fanout.messages_per_second', 'ws-shared', 'at least', 1.05),
  ratio('fanout.messages_per_second', 'ws-each', 'at least', 2),
  median('fanout.mean_millis', 'at most', 10),
  median('fanout.p99_millis', 'at most', 25),
  median('fanout.p99_millis_1000', 'at most', 60),
  median('fanout.slow_viewer_mib', 'at most', 2),
  median('fanout.slow_others_ratio', 'at most', 1.1),
  median('recover.open_1024_millis', 'at most', 1000),
  median('preview.frames_encoded_without_viewer', 'at most', 0),
]

const isOf = (bar: Bar, figure: Figure): boolean =>
  bar.figure === figure.name && (bar.peer === null || bar.peer === figure.peer)

/** The bar of a figure; undefined when it has none. */
export const barOf = (figure: Figure): Bar | undefined => bars.find(bar => isOf(bar, figure))

/** The figures that have a bar, each of a median once. */
export const judge = (figures: readonly Figure[]): JudgedFigure[] =>
  bars.flatMap(bar => {
    const figure = figures.find(each => isOf(bar, each))
    return figure ? [{ bar, figure }] : []
  })

export function isMet({ of, sense, value }: Bar, figure: Figure): boolean {
  const found = figure[of]
  assert(found !== null, `${figure.name} has no ${of}`)
  return sense === 'at least' ? found >= value : found <= value
}

/** As a reader of a table sees it: `at least 0.7 x raw`. */
export function describeBar({ of, sense, value, peer }: Bar, { unit }: Figure): string {
  return `${sense} ${value} ${of === 'ratio' ? `x ${peer}` : unit}`
}
