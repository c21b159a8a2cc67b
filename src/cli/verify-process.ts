// The process that `verifyApart` starts: verifies one log, says what it found, and ends.
import { describeError, RollcastError } from '../base/errors.ts'
import { verifyLog } from '../store/verify.ts'
import type { Verdict } from './verify-apart.ts'

async function verify(dir: string): Promise<Verdict> {
  try {
    return { report: await verifyLog(dir) }
  } catch (error) {
    if (!(error instanceof RollcastError))
      return { code: 'INTERNAL', message: describeError(error) }
    return { code: error.code, message: error.message }
  }
}

const [dir = ''] = process.argv.slice(2)
process.send?.(await verify(dir), () => process.disconnect())
