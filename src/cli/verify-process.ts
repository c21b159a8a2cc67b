// The process that `verifyApart` starts: verifies one log, says what it found, and ends.
import { verifyLog } from '../store/verify.ts'
import { workApart } from './apart.ts'

await workApart((dir = '') => verifyLog(dir))
