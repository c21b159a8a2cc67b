// The files that threads and processes start with. Sources run as they are; a published package has
// built files under the same names.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { RollcastError } from './errors.ts'

/** Below `src`, without the ending. */
export type Entry =
  | `actors/${'recorder' | 'encoder' | 'aggregator' | 'broadcaster'}/thread`
  | `${'replay' | 'export'}/thread`
  | `runtime/${'host-thread' | 'spare-thread' | 'history-worker' | 'preview-worker'}`
  | `store/${'opening-process' | 'storage-process'}`
  | `cli/${'examine-process' | 'recover-process' | 'take-over-process'}`

const isSource = import.meta.url.endsWith('.ts')
const folder = new URL('../', import.meta.url)

/** The folder of the package, or of the checkout. */
export const packageFolder = new URL(isSource ? '../' : '../../', folder)

/** Where `entry` is. UNAVAILABLE when this code was taken out of its package. */
export function entryFile(entry: Entry): URL {
  const file = new URL(`${entry}.${isSource ? 'ts' : 'js'}`, folder)
  if (existsSync(file)) return file
  const message =
    `expected ${fileURLToPath(file)}, a file of the package rollcast, found nothing: a bundler has to` +
    ' leave the package where it is (`external`)'
  throw new RollcastError('UNAVAILABLE', message)
}
