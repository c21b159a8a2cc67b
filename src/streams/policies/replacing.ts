// The policies under which older items give way. The item just offered is never the one that is
// dropped for want of room.
import { assert } from '../../base/assert.ts'
import type { Entry } from '../bounded-queue.ts'
import type { Admission, AdmissionContext } from './admission.ts'

/** Drops the oldest items until one of `bytes` fits. */
function makeRoom<T>({ queue, counters, onDropped }: AdmissionContext<T>, bytes: number): void {
  while (!queue.fits(bytes)) {
    const { item } = queue.shift()!
    counters.dropped++
    onDropped?.(item)
  }
}

/** `drop-oldest`: the newest always gets in. */
export function dropOldest<T>(context: AdmissionContext<T>): Admission<T> {
  return {
    admit(item, bytes) {
      makeRoom(context, bytes)
      context.queue.push({ item, bytes })
      return 'accepted'
    },
  }
}

/**
 * `latest`: one item a key. A newer item takes the place of the older one in the queue, so that a
 * key that changes often neither overtakes nor starves. Past the bounds the oldest keys give way.
 */
export function latest<T>(context: AdmissionContext<T>): Admission<T> {
  const { queue, counters, keyOf, onDropped } = context
  assert(keyOf !== undefined, 'the policy `latest` needs keyOf')
  const held = new Map<string | number, Entry<T>>()

  const forgetOldest = (): void => {
    const { key, item } = queue.shift()!
    held.delete(key!)
    counters.dropped++
    onDropped?.(item)
  }

  return {
    admit(item, bytes) {
      const key = keyOf(item)
      const older = held.get(key)
      if (older === undefined) {
        while (!queue.fits(bytes)) forgetOldest()
        const entry = { item, bytes, key }
        held.set(key, entry)
        queue.push(entry)
        return 'accepted'
      }
      // A larger successor may need room; when its own place comes up first, it moves to the end.
      while (queue.bytes - older.bytes + bytes > queue.bytesMax) {
        if (queue.oldest === older) queue.push(queue.shift()!)
        else forgetOldest()
      }
      const { item: replaced } = older
      queue.replace(older, item, bytes)
      counters.dropped++
      onDropped?.(replaced)
      return 'accepted'
    },
    taken(entry) {
      held.delete(entry.key!)
    },
  }
}

/** `sample`: one item every `everyMillis`; if that is still too many, the oldest gives way. */
export function sample<T>(context: AdmissionContext<T>, everyMillis: number): Admission<T> {
  assert(everyMillis > 0, `everyMillis ${everyMillis}: expected more than 0`)
  let due = Number.NEGATIVE_INFINITY
  return {
    admit(item, bytes) {
      const now = context.clock.monotonic()
      if (now < due) return 'dropped'
      due = now + everyMillis
      makeRoom(context, bytes)
      context.queue.push({ item, bytes })
      return 'accepted'
    },
  }
}
