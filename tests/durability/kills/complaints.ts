// How a writer is to take a disk that fails (P7): it lives, it fails once and for all, every promise
// settles soon, and nothing is called durable after the first error.
import type { Account } from './writer.ts'

/** The error codes that a bad disk may come to the producer as. */
const CODES = ['LOG_FAILED', 'DISK_FULL', 'CANNOT_CREATE']
/** No promise may be pending for longer, whatever the disk does. */
const PENDING_MILLIS_MAX = 2_000

/** What the writer of `account`, which ended with the code or signal `end`, did otherwise. */
export function complaints(account: Account, end: number | string | null): string[] {
  const found: string[] = []
  if (end !== 0) found.push(`the process ended with ${end}`)
  if (account.codes.length === 0) found.push('nothing failed')
  if (account.lateAcknowledgements > 0) found.push('a success was told after the failure')
  if (account.pending.length > 0) found.push(`${account.pending.length} promises never settled`)
  for (const { emittedAt, settledAt, seq } of account.fates) {
    const pendingMillis = (settledAt ?? emittedAt) - emittedAt
    if (pendingMillis > PENDING_MILLIS_MAX) found.push(`${seq} was pending for ${pendingMillis} ms`)
  }
  for (const code of new Set(account.codes)) {
    if (!CODES.includes(code)) found.push(`told as ${code}`)
  }
  const last = account.fates.at(-1)
  if (account.opened && last?.end !== 'refused') found.push('took more in after the failure')
  return found
}
