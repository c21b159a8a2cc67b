// A viewer that comes back as soon as it is cut off, and remembers when each frame came.
import { onTestFinished } from 'vitest'
import { type Connection, stayConnected } from './stay-connected.ts'

const MAX_FPS = 60

export interface SteadyViewer extends Pick<Connection, 'browse' | 'close'> {
  /** When frames came, Unix milliseconds, in their order. */
  readonly frameTimes: readonly number[]
}

export function watch(url: string): SteadyViewer {
  const frameTimes: number[] = []
  const { browse, close } = stayConnected(url, MAX_FPS, () => {
    frameTimes.push(performance.timeOrigin + performance.now())
  })
  onTestFinished(close)
  return { frameTimes, browse, close }
}

/** The longest time without a frame that touches each interval; one that never ended, so far. */
export function longestGaps(
  frameTimes: readonly number[],
  intervals: readonly (readonly [from: number, to: number])[],
): number[] {
  const times = [...frameTimes, performance.timeOrigin + performance.now()]
  return intervals.map(([from, to]) => {
    let longest = 0
    const first = Math.max(
      0,
      times.findLastIndex(time => time <= from),
    )
    for (let i = first; i + 1 < times.length && times[i]! <= to; i++) {
      longest = Math.max(longest, times[i + 1]! - times[i]!)
    }
    return longest
  })
}
