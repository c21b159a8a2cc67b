// The policies under which the offered item gives way: what is held stays as it is.
import type { Admission, AdmissionContext, OfferResult } from './admission.ts'

const refusing =
  (whenFull: OfferResult) =>
  <T>({ queue }: AdmissionContext<T>): Admission<T> => ({
    admit(item, bytes) {
      if (!queue.fits(bytes)) return whenFull
      queue.push({ item, bytes })
      return 'accepted'
    },
  })

/** `block`: nothing is lost, the caller waits. */
export const block = refusing('full')

/** `drop-newest`: the offered item is lost. */
export const dropNewest = refusing('dropped')

/** `disconnect`: the channel closes; whoever reads it comes back and resumes elsewhere. */
export const disconnect = refusing('closed')
