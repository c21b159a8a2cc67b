// What is said to a person about a log that cannot be opened, or that was salvaged.
import type { Unreadable } from '../store/examine.ts'
import type { Skipped } from '../store/salvage-plan.ts'
import { counted, grouped } from './wording.ts'

/** Ranges that are listed; further ones are only counted. */
const RANGES_MAX = 20

/** Why a log cannot be opened, how far it is whole, and what to do. */
export function unreadableLines(run: string, found: Unreadable): string[] {
  const { reason, lastGoodSeq, skipped } = found
  const saved = `"rollcast log salvage ${run} -o NEW" takes it out`
  const whole =
    lastGoodSeq === 0
      ? 'no event of it is whole'
      : `whole up to event ${grouped(lastGoodSeq)}: ${saved}`
  return [`${run} cannot be opened: ${reason}`, `  ${whole}`, ...skippedLines(skipped)]
}

/** Events behind the damage, range by range. */
export function skippedLines(skipped: readonly Skipped[]): string[] {
  const lines = skipped.slice(0, RANGES_MAX).map(({ fromSeq, toSeq, whole }) => {
    const events = counted(toSeq - fromSeq + 1, 'event')
    const what = whole ? 'whole, but behind the damage' : 'damaged or gone'
    return `  ${grouped(fromSeq)} to ${grouped(toSeq)}: ${events} ${what}`
  })
  const left = skipped.length - lines.length
  return left > 0 ? [...lines, `  and ${counted(left, 'range')} more`] : lines
}
