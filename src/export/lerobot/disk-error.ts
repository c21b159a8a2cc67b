// Errors of a dataset's disk as ours. What is none is a bug, or the fault of one episode, and stays
// what it is: whoever waits until a disk can be written would wait for it for ever.
import { describeError, RollcastError } from '../../base/errors.ts'

const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** Gives what `work` on the dataset in `root` gives; DISK_FULL or CANNOT_CREATE for its disk. */
export async function orDiskError<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, errno } = (error ?? {}) as NodeJS.ErrnoException
    if (error instanceof RollcastError || typeof errno !== 'number') throw error
    const message = `${root}: the dataset cannot be written: ${describeError(error)}`
    const ours = full.has(code) ? 'DISK_FULL' : 'CANNOT_CREATE'
    throw new RollcastError(ours, message, { cause: error })
  }
}
