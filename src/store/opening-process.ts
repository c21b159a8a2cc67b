// Opens a log and ends: what LMDB puts down for all processes is right again (opening.ts).
import { openStorage } from './open-storage.ts'

const [, , directory = ''] = process.argv
await openStorage(directory, { readOnly: true }).close()
