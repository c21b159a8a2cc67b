// `rollcast token add`: another way into a run's page. Whoever may write to the run's directory
// may give out tokens; a gateway that is running knows of them at once.
import { type Command, Option } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import { accessDirectory, runDirectoryProblem } from '../../gateway/access/place.ts'
import { type Role, roles } from '../../protocol/rights.ts'
import { integer } from '../arguments.ts'
import type { Output } from '../output.ts'
import { findServed } from '../run-directory.ts'

const HOUR_MILLIS = 3_600_000
const HOURS_MAX = 24 * 366

interface AddOptions {
  readonly role: Role
  readonly hours: number
  readonly once?: true
  readonly replay?: true
  readonly json?: true
}

export function addTokenAdd(token: Command, output: Output): void {
  token
    .command('add')
    .description('make a token for a page, and print it: it is kept nowhere')
    .argument('<DIR>', 'the directory that is served: of a run, or of runs')
    .addOption(new Option('--role <ROLE>', 'what it lets do').choices(roles).default(roles[0]))
    .option('--hours <N>', 'how long it is valid', integer(1, HOURS_MAX), 24)
    .option('--once', 'it works once, on the page; for a link to one person')
    .option('--replay', 'a viewer may also replay what was recorded')
    .option('--json', 'one JSON object')
    .action((dir: string, options: AddOptions) => add(findServed(dir), options, output))
}

async function add(run: string, options: AddOptions, output: Output): Promise<void> {
  const problem = runDirectoryProblem(run)
  if (problem !== null) throw new RollcastError('CANNOT_CREATE', problem)
  const { role, hours, once = false, replay = false } = options
  const kind = once ? 'link' : 'key'
  const request = { kind, role, replay, lifeMillis: hours * HOUR_MILLIS } as const
  const { Grants } = await import('../../gateway/access/grants.ts')
  const { grant, token } = new Grants(accessDirectory(run), systemClock).issue(request)
  const until = new Date(grant.expiresAt).toISOString()
  if (options.json) {
    const { id } = grant
    return output.writeJson({ run_dir: run, id, role, kind, replay, expires: until, token })
  }
  output.say(`${grant.id}, for a ${role}, ${once ? 'once, ' : ''}until ${until}:`)
  output.say('on the page, put it behind the address as #token=TOKEN')
  if (!once) output.say('for a program, "Authorization: Bearer TOKEN"')
  return output.write(`${token}\n`)
}
