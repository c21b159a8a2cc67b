// D7 (B2): places where a run cannot be. Each is one clear error within a second, the same for all
// who come: what was expected, what was found and where; nothing is written, and nobody dies.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ErrorCode, errorExitCodes } from '../../../src/base/errors.ts'
import { openLog } from '../../../src/store/open-log.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { contribution, declarations, step } from '../../store/records.ts'
import { type Case, cases, NOBODY, soundPlace } from './cases.ts'
import type { Told } from './visitor.child.ts'

const repository = join(import.meta.dirname, '../../..')
const program = join(repository, 'src/cli/main.ts')

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script of ours with the rights of `as`. */
async function run(as: Case['as'], script: string, args: readonly string[]): Promise<Ended> {
  const rights = as === 'nobody' ? { uid: NOBODY, gid: NOBODY } : {}
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...rights,
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return new Promise(resolve =>
    child.once('close', (code, signal) => resolve({ code, signal, ...said })),
  )
}

/** What was told at these places to one who tried everything there. */
async function visit(as: Case['as'], dirs: readonly string[]): Promise<readonly Told[]> {
  const end = await run(as, join(import.meta.dirname, 'visitor.child.ts'), dirs)
  // Whatever it met, it lived.
  expect(end, end.stderr).toMatchObject({ code: 0, signal: null })
  const lines = end.stdout.split('\n').filter(line => line.startsWith('{'))
  return lines.map(line => JSON.parse(line) as Told)
}

/** Every name under `path`, with what it is, how large, and when it was changed. */
function inventory(path: string): string[] {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`]
  if (!stat.isDirectory()) return [`${path} ${stat.size} B, ${stat.mtimeMs}`]
  return [path, ...readdirSync(path).flatMap(name => inventory(join(path, name)))]
}

/** The same without what a reader that succeeds may touch: its line in the lock file. */
const unlocked = (lines: readonly string[]): string[] =>
  lines.filter(line => !line.includes('lock.mdb'))

/** A place as it was before anybody came, and what they were told. */
interface Visited {
  readonly place: Case
  readonly root: string
  readonly dir: string
  readonly before: readonly string[]
  readonly told: readonly Told[]
}

let workspace = ''
const visited: Visited[] = []

async function makeSound(dir: string): Promise<void> {
  const { writer } = await openLog(dir)
  await writer.append(contribution([...declarations, step(1, 1), step(1, 2)], 1)).durable
  await writer.close()
}

beforeAll(async () => {
  if (process.getuid?.() !== 0) return
  workspace = mkdtempSync(join(tmpdir(), 'rollcast-places-'))
  chmodSync(workspace, 0o755)
  const sound = join(workspace, 'sound')
  await makeSound(sound)
  const made: Omit<Visited, 'told'>[] = []
  for (const [index, place] of [...cases, soundPlace].entries()) {
    const root = join(workspace, `place-${index}`)
    mkdirSync(root)
    // Whoever comes may make things beside the run, unless the case forbids it.
    chownSync(root, NOBODY, NOBODY)
    const dir = await place.make(root, sound)
    made.push({ place, root, dir, before: inventory(root) })
  }
  for (const as of ['root', 'nobody'] as const) {
    const places = made.filter(({ place }) => place.as === as)
    const told = await visit(
      as,
      places.map(({ dir }) => dir),
    )
    for (const each of places) {
      visited.push({ ...each, told: told.filter(({ dir }) => dir === each.dir) })
    }
  }
}, 120_000)

afterAll(() => {
  for (const { place, root } of visited) place.undo?.(root)
  if (workspace !== '') rmSync(workspace, { recursive: true, force: true })
})

const at = (place: Case): Visited => visited.find(each => each.place === place)!

/** What the visitor tries, and what it is to be told. */
function expected({ read, record }: Case): readonly (readonly [string, ErrorCode | null])[] {
  const readers = ['log stats', 'log verify', 'serve', 'replay'].map(how => [how, read] as const)
  return [...readers, ['openLog', record], ['startRun', record]]
}

describe.skipIf(!requireTool('root'))('a place where a run cannot be', () => {
  for (const place of cases) {
    test(`D7 B2: ${place.name}`, () => {
      const { dir, root, before, told } = at(place)
      expect(told.map(({ how, code }) => [how, code])).toEqual(expected(place))
      for (const { code, message, millis, how } of told) {
        if (code === null) continue
        expect(message, how).toContain(dir)
        expect(message, how).toMatch(/expected|needs|up to/)
        expect(message, how).toMatch(/found|has/)
        expect(message, how).not.toContain('\n')
        expect(millis, how).toBeLessThanOrEqual(1_000)
      }
      expect(told.some(({ message }) => place.found.test(message))).toBe(true)
      expect(unlocked(inventory(root))).toEqual(unlocked(before))
    })
  }

  test(
    'D7 B2: the command line says it in one line, with the exit code for it',
    async () => {
      let commands = 0
      let slowestMillis = 0
      for (const [index, place] of cases.entries()) {
        const { dir, root, before } = at(place)
        const verbs = commandsFor(dir)
        // A third of the places, one verb each; in the slow tier every verb everywhere.
        const chosen = runs(index % 3 === 0 ? [verbs[index % verbs.length]!] : [], verbs)
        for (const { args, what } of chosen) {
          const code = place[what]
          if (code === null) continue
          const started = performance.now()
          const end = await run(place.as, program, args)
          slowestMillis = Math.max(slowestMillis, performance.now() - started)
          commands++
          const context = `${place.name}: ${args.join(' ')}`
          expect(end, context).toMatchObject({ code: errorExitCodes[code], stdout: '' })
          expect(end.stderr, context).toMatch(new RegExp(`^rollcast: ${code}: .*\\n$`))
        }
        expect(unlocked(inventory(root)), place.name).toEqual(unlocked(before))
      }
      const refused = visited.flatMap(({ told }) => told.filter(({ code }) => code !== null))
      figure('D7', {
        places: cases.length,
        refusals: refused.length,
        slowestMillis: Math.round(Math.max(...refused.map(({ millis }) => millis))),
        commands,
        slowestCommandMillis: Math.round(slowestMillis),
      })
      expect(commands).toBeGreaterThanOrEqual(5)
    },
    runs(60_000, 600_000),
  )

  test('D7 negative control: a sound place is not refused, and what is written there shows', () => {
    const { root, before, told } = at(soundPlace)
    expect(told.map(({ message }) => message)).toEqual(told.map(() => 'null'))
    expect(unlocked(inventory(root))).not.toEqual(unlocked(before))
  })
})

interface CommandLine {
  readonly what: 'read' | 'record'
  readonly args: readonly string[]
}

const commandsFor = (dir: string): readonly CommandLine[] =>
  [
    { what: 'read', args: ['log', 'stats', dir] },
    { what: 'read', args: ['log', 'verify', dir] },
    { what: 'read', args: ['replay', dir, '--no-serve'] },
    { what: 'read', args: ['serve', dir, '--port', '0'] },
    {
      what: 'record',
      args: ['demo', '--dir', dir, '--seconds', '1', '--port', '0', '--no-open'],
    },
  ] as const
