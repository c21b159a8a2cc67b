// The process that `takeOverApart` starts: fences the writer of one log, and ends.
import { takeOverLog } from '../store/take-over.ts'
import { workApart } from './apart.ts'

await workApart((dir = '') => takeOverLog(dir))
