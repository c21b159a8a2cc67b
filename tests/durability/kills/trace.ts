// What strace saw of a writer, in order: each acknowledgement must come after a flush that began
// after its events were handed in, and after the write of the meta page that follows the flush: it
// is that page, through a descriptor that writes synchronously, which makes a commit.
import { readFileSync } from 'node:fs'

export interface Order {
  readonly acknowledgements: number
  readonly flushes: number
  /** Numbers that were acknowledged too early. */
  readonly early: readonly number[]
  /** The most contributions that were handed in while one flush was on its way. */
  readonly emittedInOneFlush: number
}

/** Arguments of strace for a trace that `readOrder` can read, of all that `fault` does not hit, too. */
export const traceArguments = (file: string, fault: string): string[] => [
  ...['-f', '-qq', '-s', '64', '-o', file],
  ...['-e', 'trace=fdatasync,pwrite64,write', '-e', `inject=fdatasync:${fault}`],
]

export function readOrder(file: string): Order {
  const emittedAt = new Map<number, number>()
  const early: number[] = []
  let acknowledgements = 0
  let flushes = 0
  let emittedInOneFlush = 0
  let emittedInFlush = 0
  let flushBegan = -1
  /** When the flush began whose commit is complete. */
  let committed = -1
  let flushed = -1
  const lines = readFileSync(file, 'utf8').split('\n')
  for (const [at, line] of lines.entries()) {
    const said = /write\(1, "(emitted|acknowledged) \d+ (\d+) /.exec(line)
    if (said?.[1] === 'emitted') {
      emittedAt.set(Number(said[2]), at)
      emittedInFlush++
    } else if (said) {
      acknowledgements++
      const seq = Number(said[2])
      if (committed <= (emittedAt.get(seq) ?? Number.POSITIVE_INFINITY)) early.push(seq)
    } else if (/ fdatasync\(/.test(line)) {
      flushes++
      flushBegan = at
      emittedInFlush = 0
      if (/= 0/.test(line)) flushed = flushBegan
    } else if (/fdatasync resumed>.*= 0/.test(line)) {
      flushed = flushBegan
      emittedInOneFlush = Math.max(emittedInOneFlush, emittedInFlush)
    } else if (/pwrite64.*= 128$/.test(line) && flushed >= 0) committed = flushed
  }
  return { acknowledgements, flushes, early, emittedInOneFlush }
}
