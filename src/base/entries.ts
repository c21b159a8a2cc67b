// The files that threads and processes start with. Sources run as they are; a published package has
// built files under the same names.

/** Below `src`, without the ending. */
export type Entry =
  | `actors/${'recorder' | 'encoder' | 'aggregator' | 'broadcaster'}/thread`
  | `${'replay' | 'export'}/thread`
  | `runtime/${'host-thread' | 'history-worker' | 'preview-worker'}`
  | `store/${'opening-process' | 'storage-process'}`
  | `cli/${'examine-process' | 'recover-process' | 'take-over-process'}`

const isSource = import.meta.url.endsWith('.ts')
const folder = new URL('../', import.meta.url)

/** The folder of the package, or of the checkout. */
export const packageFolder = new URL(isSource ? '../' : '../../', folder)

/** Where `entry` is. */
export const entryFile = (entry: Entry): URL =>
  new URL(`${entry}.${isSource ? 'ts' : 'js'}`, folder)
