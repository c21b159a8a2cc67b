// The process that `examineApart` starts: examines one log, says what it found, and ends. A reason
// means that opening the log is known to fail: then only its bytes are looked at.
import { examineBytes, examineLog } from '../store/examine.ts'
import { tellProgress, workApart } from './apart.ts'

await workApart(async (dir = '', reason) =>
  reason === undefined ? examineLog(dir, tellProgress) : examineBytes(dir, reason, tellProgress),
)
