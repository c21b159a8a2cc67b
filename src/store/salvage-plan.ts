// Which of the batches that a scan found are the log: the chain of checksums from the first event
// on. Where earlier lives of the log left batches of their own under the same numbers (a tail that
// was cut, a power cut under level `relaxed`), the later epoch is the log. Pure.

import type { Head } from './log-state.ts'
import type { Findings, FoundBatch } from './scan.ts'

/** Events that are not in the salvaged log. */
export interface Skipped {
  readonly fromSeq: number
  readonly toSeq: number
  /** They are whole, but what comes before them is not. */
  readonly whole: boolean
}

export interface SalvagePlan {
  /** The log from its first event to the last before the damage. */
  readonly batches: readonly FoundBatch[]
  readonly lastSeq: number
  /** Everything behind, as far as anything is known of it; empty when nothing was lost. */
  readonly skipped: readonly Skipped[]
}

/** `head` and `epoch` are what the damaged log says of itself, where that could be read. */
export function planSalvage(
  findings: Findings,
  head: Head | undefined,
  epoch: number | undefined,
): SalvagePlan {
  const batches: FoundBatch[] = []
  let last: FoundBatch | undefined
  for (;;) {
    const next = follower(findings, last)
    const atEnd = head?.lastSeq === (last?.lastSeq ?? 0) && head.crc === (last?.crc ?? 0)
    // It was cut here: what follows belongs to the life before the cut.
    const wasCut = atEnd && next !== undefined && next.epoch < (epoch ?? 0)
    if (next === undefined || wasCut) {
      const skipped = atEnd ? [] : skippedAfter(findings, last, head)
      return { batches, lastSeq: last?.lastSeq ?? 0, skipped }
    }
    batches.push(next)
    last = next
  }
}

/** The batch that continues the chain. */
function follower(findings: Findings, last: FoundBatch | undefined): FoundBatch | undefined {
  const seq = (last?.lastSeq ?? 0) + 1
  return newestLife(findings, seq).find(
    batch =>
      batch.previousCrc === (last?.crc ?? 0) &&
      batch.epoch >= (last?.epoch ?? 0) &&
      !isContradicted(findings, batch),
  )
}

/** What follows it follows another batch of the same number, which is not whole any more. */
function isContradicted(findings: Findings, { lastSeq, crc, epoch }: FoundBatch): boolean {
  const [next] = newestLife(findings, lastSeq + 1)
  return next !== undefined && next.epoch >= epoch && next.previousCrc !== crc
}

/**
 * Whole batches that begin with event `seq`, those of the latest life first. One whose number was
 * given to something newer, of which the leaves still tell, is no longer part of the log.
 */
function newestLife({ batches, places: all, unfinished }: Findings, seq: number): FoundBatch[] {
  const places = all.get(seq) ?? []
  const [current] = places
  return (batches.get(seq) ?? [])
    .filter(({ offset, transaction }) => {
      const listed = places.some(place => place.offset === offset)
      if (!listed && transaction === unfinished) return false
      return !current || current.offset === offset || transaction >= current.transaction
    })
    .sort((a, b) => b.epoch - a.epoch)
}

/** What is known to follow event `last.lastSeq`, whole or not, in order. */
function skippedAfter(
  findings: Findings,
  last: FoundBatch | undefined,
  head: Head | undefined,
): Skipped[] {
  const skipped: Skipped[] = []
  let next = (last?.lastSeq ?? 0) + 1
  const add = (toSeq: number, whole: boolean): void => {
    if (toSeq < next) return
    const before = skipped.at(-1)
    if (before?.whole === whole) skipped[skipped.length - 1] = { ...before, toSeq }
    else skipped.push({ fromSeq: next, toSeq, whole })
    next = toSeq + 1
  }
  const later = [...findings.batches.keys()].filter(seq => seq >= next).sort((a, b) => a - b)
  for (const seq of later) {
    const [batch] = newestLife(findings, seq)
    if (batch === undefined || seq < next || batch.epoch < (last?.epoch ?? 0)) continue
    add(seq - 1, false)
    add(batch.lastSeq, true)
  }
  if (head) add(head.lastSeq, false)
  return skipped
}
