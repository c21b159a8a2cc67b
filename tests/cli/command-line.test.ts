import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tempDir } from '../runtime/harness.ts'
import { recordWorkspace, type Workspace } from './recorded-run.ts'
import { intoFile, onTerminal, rollcast, start } from './rollcast.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await recordWorkspace()
})
afterAll(() => workspace.remove())

describe('the command line', () => {
  test('prints its version and its help on stdout', async () => {
    expect(await rollcast('--version')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^rollcast \d+\.\d+\.\d+\n$/),
      stderr: '',
    })
    const help = await rollcast('--help')
    expect(help.code).toBe(0)
    const verbs = ['demo', 'serve', 'replay', 'log', 'episodes', 'token', 'inspect', 'doctor']
    for (const verb of verbs) expect(help.stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'))
    expect(help.stdout).toMatch(/130 interrupted/)
  })

  test('keeps what it has loaded compiled, where Node keeps such things', async () => {
    const env = { TMPDIR: tempDir(), NODE_COMPILE_CACHE: undefined }
    expect(await start(['--version'], { env }).ended).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(join(env.TMPDIR, 'node-compile-cache'))).toHaveLength(1)
  })

  test('without a verb shows the help on stderr, as bad usage', async () => {
    const { code, stdout, stderr } = await rollcast()
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: rollcast/)
  })

  const badUsage: readonly (readonly [string, RegExp])[] = [
    ['fly', /unknown command 'fly'/],
    ['lg', /unknown command 'lg' \(Did you mean log\?\)/],
    ['log verfy', /unknown command 'verfy' \(Did you mean verify\?\)/],
    ['verify runs', /unknown command 'verify'/],
    ['demo --env pong', /Allowed choices are gridworld, cartpole/],
    ['demo --episodes 0', /'--episodes <N>' argument '0' is invalid\. Expected an integer/],
    ['demo --seconds soon', /Expected a positive number of seconds/],
    ['serve --port 70000', /Expected an integer in 0\.\.65535/],
    ['serve --host 0.0.0.0', /expected a token \(--token, live\.token\) with host 0\.0\.0\.0/],
    ['replay runs --no-serve --token', /'--token' is for a page, and none is served/],
    ['token add runs --role owner', /Allowed choices are viewer, streamer, producer, admin/],
    ['token revoke runs', /missing required argument 'ID'/],
    ['replay', /missing required argument 'DIR'/],
    ['replay runs --speed 0', /Expected a positive number or 'max'/],
    ['replay runs --check --to 5', /'--check' says itself how far to go/],
    ['log tail runs -n -1', /Expected an integer of at least 0/],
    ['log tail runs -n 1 --from 1', /cannot be used with option/],
    ['log cat runs --types steps', /There is no event type steps; there are run_started/],
    ['log stats', /missing required argument 'DIR'/],
    ['log verify runs more', /too many arguments/],
    ['log recover runs --force', /unknown option '--force'/],
    ['log compact', /missing required argument 'DIR'/],
    ['episodes ls runs --limit none', /Expected an integer in 1\.\.1000000/],
    ['episodes show runs first', /Expected an integer of at least 1/],
    ['inspect --mermaid engine', /there is no machine engine; there are run, supervisor/],
    ['doctor --quick', /unknown option '--quick'/],
  ]

  test.each(badUsage)('B5 %s is bad usage, told in one line', async (line, message) => {
    const { code, stdout, stderr } = await rollcast(...line.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^rollcast: USAGE: .*\n$/)
    expect(stderr).toMatch(message)
  })

  const readers = [
    'replay',
    'serve',
    'log tail',
    'log cat',
    'log stats',
    'log verify',
    'log recover',
    'log takeover',
    'log compact',
    'episodes ls',
    'token add',
    'token ls',
    'inspect',
    'doctor',
  ]

  test.each(readers)('%s of a run that is not there is NOT_FOUND', async verb => {
    const { code, stdout, stderr } = await rollcast(...verb.split(' '), '/no/such/run')
    expect({ code, stdout }).toEqual({ code: 66, stdout: '' })
    expect(stderr).toMatch(/^rollcast: NOT_FOUND: \/no\/such\/run: expected a run's directory.*\n$/)
  })

  test('shows the stack of an error only when asked for it', async () => {
    const { stderr } = await rollcast('log', 'stats', '/no/such/run', '--verbose')
    expect(stderr).toMatch(/^rollcast: NOT_FOUND: .*\nRollcastError: .*\n +at /)
  })

  test('ends quietly when the reader of stdout has gone', async () => {
    const cat = start(['log', 'cat', workspace.run, '--json'])
    await cat.said(/"seq":1,/)
    cat.child.stdout?.destroy()
    const { code, stderr } = await cat.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('says in a line that there is no room for what it prints', async () => {
    for (const args of [['log', 'cat', workspace.run], ['--version']]) {
      const { code, stderr } = await intoFile('/dev/full', ...args)
      expect(code).toBe(73)
      expect(stderr).toMatch(/^rollcast: DISK_FULL: stdout: expected room .*ENOSPC.*\n$/)
    }
  })

  test('colours are for terminals, and NO_COLOR turns them off there', async () => {
    const args = ['log', 'stats', '/no/such/run']
    const colour = '\u001b['
    const [piped, shown, plain] = [
      await rollcast(...args),
      // Node takes a CI for a terminal without colours.
      await onTerminal(args, { env: { TERM: 'xterm', CI: undefined } }),
      await onTerminal(args, { env: { TERM: 'xterm', NO_COLOR: '1' } }),
    ]
    expect(piped.stderr).not.toContain(colour)
    expect(shown.stdout).toContain(colour)
    expect(plain.stdout).toMatch(/^rollcast: NOT_FOUND/)
    expect(plain.stdout).not.toContain(colour)
  })
})
