// The operator's log of a run (rollcast.log), for campaigns that judge what the event log cannot have:
// it is written by the host, also when there is no recorder any more.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface OperatorLine {
  /** ISO 8601, with milliseconds. */
  readonly time: string
  readonly msg: string
  /** Of `actor changed`. */
  readonly actor?: string
  readonly from?: string
  readonly to?: string
}

export const readLines = (dir: string): OperatorLine[] =>
  readFileSync(join(dir, 'rollcast.log'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as OperatorLine)
