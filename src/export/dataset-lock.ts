// One process writes a dataset, of any run: the lock of a log serves for any directory.
import { RollcastError } from '../base/errors.ts'
import { holderPid, type LogLock, takeLock } from '../store/lock.ts'

/** Takes the lock of the dataset in `root`, a directory that exists. LOG_LOCKED says who holds it. */
export async function lockDataset(root: string, startedAt: number): Promise<LogLock> {
  try {
    return await takeLock(root, startedAt)
  } catch (error) {
    if (!(error instanceof RollcastError) || error.code !== 'LOG_LOCKED') throw error
    const who = describe(await holderPid(root))
    const message = `${root}: the dataset is being written by ${who}`
    throw new RollcastError('LOG_LOCKED', message, { temporary: true, cause: error })
  }
}

function describe(pid: number | undefined): string {
  if (pid === undefined) return 'another process'
  return pid === process.pid
    ? 'this process, in another run or a thread that hangs'
    : `process ${pid}`
}
