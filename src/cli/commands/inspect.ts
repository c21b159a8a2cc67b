// `rollcast inspect`: the machines that everything runs by, and where each of them stands.
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { describeMachine } from '../../machines/describe-machine.ts'
import { toMermaid } from '../../machines/mermaid.ts'
import { machines } from '../../machines/registry.ts'
import type { StateDescription } from '../../protocol/machine-description.ts'
import type { Output } from '../output.ts'
import { findRun, runsDirectory } from '../run-directory.ts'
import { findMachine, findStanding, noStanding, type Standing } from '../standing.ts'
import { tableLines } from '../table.ts'
import { stamp } from '../wording.ts'

interface InspectOptions {
  readonly json?: true
  readonly mermaid?: string
  readonly list?: true
}

export function addInspect(program: Command, output: Output): void {
  program
    .command('inspect')
    .description('show every state machine and where it stands, live or as last recorded')
    .argument('[DIR]', `run directory; default: ${runsDirectory}, if it is there`)
    .option('--list', 'only the names of the machines')
    .option('--mermaid <NAME>', 'draw a machine as a Mermaid state diagram, its state marked')
    .option('--json', 'one JSON object, with every state and transition')
    .action(async (dir: string | undefined, options: InspectOptions) => {
      const names = Object.keys(machines)
      if (options.list) {
        return options.json ? output.writeJson({ machines: names }) : output.writeLines(names)
      }
      const drawn = options.mermaid === undefined ? undefined : findMachine(options.mermaid)
      const run = dir ?? (existsSync(runsDirectory) ? runsDirectory : undefined)
      const standing = run === undefined ? noStanding : await findStanding(findRun(run, output))
      if (drawn) return output.write(toMermaid(drawn, activeState(drawn, standing)))
      if (options.json) return output.writeJson(standingJson(standing))
      output.say(sourceLine(standing))
      return output.writeLines(standingLines(standing))
    })
}

/** The state of the actor that runs by `machine`, where the machine has a state of that name. */
function activeState(
  machine: Parameters<typeof describeMachine>[0],
  { actors }: Standing,
): string | undefined {
  const state = actors.find(actor => actor.machine === machine.id)?.state
  const known = new Set(stateNames(describeMachine(machine)))
  return state?.split('+').every(name => known.has(name)) ? state : undefined
}

const stateNames = (parent: StateDescription): string[] =>
  parent.states.flatMap(state => [state.name, ...stateNames(state)])

function standingJson({ source, pid, url, actors, system }: Standing): object {
  return {
    source,
    pid,
    url,
    machines: Object.entries(machines).map(([name, machine]) => ({
      machine: name,
      actors: actors
        .filter(actor => actor.machine === name)
        .map(({ machine: _, ...standing }) => standing),
      description: describeMachine(machine),
    })),
    system,
  }
}

function sourceLine({ source, pid, url, system }: Standing): string {
  if (source === 'none') return 'no run was given: these are the machines, none of them running'
  if (source === 'live') {
    const health = system?.healthy ? 'healthy' : `not healthy: ${system?.problem}`
    return `process ${pid} runs at ${url}, ${health}`
  }
  if (pid === null) return 'no process records this run now; these are the states last recorded'
  return `process ${pid} records this run without a page; these are the states last recorded`
}

function standingLines({ actors }: Standing): string[] {
  const rows = Object.keys(machines).flatMap(machine => {
    const own = actors.filter(actor => actor.machine === machine)
    return own.length === 0 ? [{ machine }] : own
  })
  return tableLines<Partial<Standing['actors'][number]> & { machine: string }>(
    [
      ['machine', row => row.machine],
      ['actor', row => row.actor ?? null],
      ['state', row => row.state ?? null],
      ['restarts', row => row.restarts ?? null],
      ['passed over', row => row.quarantined ?? null],
      ['as of', row => (row.time === undefined ? null : stamp(row.time))],
      ['why', row => row.reason ?? null],
    ],
    rows,
  )
}
