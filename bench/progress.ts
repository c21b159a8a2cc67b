// What a bench is at: one line that is rewritten on a terminal; in a pipe a plain line at first, and
// then now and then, so that whoever waits for a log of CI knows that it goes on.
import type { Clock } from '../src/base/clock.ts'

const PIPE_MILLIS = 10_000
const CLEAR_LINE = '\r\u001b[K'

/** As much of stderr as it takes. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Takes what is going on; an empty text takes the line away, so that others may write. */
export function progressTo(
  stream: ProgressStream,
  clock: Pick<Clock, 'monotonic'>,
): (text: string) => void {
  if (stream.isTTY) {
    return text => stream.write(CLEAR_LINE + text.slice(0, (stream.columns ?? 80) - 1))
  }
  let saidAt = Number.NEGATIVE_INFINITY
  return text => {
    const now = clock.monotonic()
    if (text === '' || now - saidAt < PIPE_MILLIS) return
    saidAt = now
    stream.write(`${text}\n`)
  }
}
