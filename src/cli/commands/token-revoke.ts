// `rollcast token revoke`: takes a token back. Whoever is on the page by it is out within a second.
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import { accessDirectory } from '../../gateway/access/place.ts'
import type { Output } from '../output.ts'
import { findServed } from '../run-directory.ts'
import { counted } from '../wording.ts'

export function addTokenRevoke(token: Command, output: Output): void {
  token
    .command('revoke')
    .description('take back a token, and every session that was opened with it')
    .argument('<DIR>', 'the directory that is served: of a run, or of runs')
    .argument('<ID>', 'as "token ls" says')
    .action(async (dir: string, id: string) => {
      const run = findServed(dir)
      const { Grants } = await import('../../gateway/access/grants.ts')
      const removed = new Grants(accessDirectory(run), systemClock).revoke(id)
      if (removed === 0) {
        throw new RollcastError(
          'NOT_FOUND',
          `${run}: expected the id of a token, found ${idOf(id)}`,
        )
      }
      output.say(`${run}: taken back: ${counted(removed, 'token')}, sessions counted`)
    })
}

/** Of a whole token, given by mistake, only the part that is no secret. */
const idOf = (text: string): string => text.split('.', 1)[0]!.slice(0, 12)
