// `rollcast token ls`: which tokens of a run are valid, and the sessions that they opened. The
// tokens themselves are not kept.
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import type { Grant } from '../../gateway/access/grants.ts'
import { accessDirectory } from '../../gateway/access/place.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findServed } from '../run-directory.ts'
import { type Column, tableLines } from '../table.ts'
import { stamp } from '../wording.ts'

export function addTokenList(token: Command, output: Output): void {
  token
    .command('ls')
    .description('list the tokens of a page that are valid, and the sessions opened with them')
    .argument('<DIR>', 'the directory that is served: of a run, or of runs')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { json }: { json?: true }) => {
      const run = findServed(dir)
      const { Grants } = await import('../../gateway/access/grants.ts')
      const grants = new Grants(accessDirectory(run), systemClock).all()
      if (json) {
        const tokens = grants.map(({ id, kind, role, replay, parent, expiresAt }) =>
          snakeCase({ id, kind, role, replay, parent, expires: new Date(expiresAt).toISOString() }),
        )
        return output.writeJson({ run_dir: run, tokens })
      }
      return output.writeLines(tableLines(columns, grants))
    })
}

const columns: readonly Column<Grant>[] = [
  ['token', grant => grant.id],
  ['kind', grant => grant.kind],
  ['role', grant => grant.role],
  ['of', grant => grant.parent],
  ['expires', grant => stamp(grant.expiresAt)],
]
