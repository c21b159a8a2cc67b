// The policy `spill`: past the queue's bound, items wait in a second, larger store on the heap and
// move on in order. Past that store's bounds the offered item is dropped.
import { BoundedQueue } from '../bounded-queue.ts'
import type { Admission, AdmissionContext } from './admission.ts'

export function spill<T>(
  { queue, counters }: AdmissionContext<T>,
  spillCountMax: number,
  spillBytesMax: number,
): Admission<T> {
  const overflow = new BoundedQueue<T>(spillCountMax, spillBytesMax)
  return {
    overflow,
    admit(item, bytes) {
      // Once anything waits in the overflow, everything newer waits behind it.
      if (overflow.count === 0 && queue.fits(bytes)) {
        queue.push({ item, bytes })
        return 'accepted'
      }
      if (!overflow.fits(bytes)) return 'dropped'
      overflow.push({ item, bytes })
      counters.spilled++
      return 'accepted'
    },
    taken() {
      while (overflow.oldest !== undefined && queue.fits(overflow.oldest.bytes)) {
        queue.push(overflow.shift()!)
      }
    },
  }
}
