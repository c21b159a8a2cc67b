// The process that `recoverApart` starts: recovers one log, says what it did, and ends.
import { recoverLog } from '../store/recover.ts'
import { workApart } from './apart.ts'

await workApart((dir = '', cut) => recoverLog(dir, { cutAtDamage: cut !== undefined }))
