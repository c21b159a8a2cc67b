// S9: that the soak notices what leaks. The soak itself is run by hand, for half an hour or longer
// (`npm run soak`): in a few minutes heaps come and go by more than what it asks of them.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { tier } from '../faults/tier.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
/** Nobody is killed, who would take what leaks with them. Heaps still find their size: 30 MiB. */
const CALM = ['--minutes', '2', '--kill', 'none'] as const
const TIMEOUT_MILLIS = 1_800_000

interface Verdict {
  readonly problems: readonly string[]
  readonly figures: Readonly<Record<string, number>>
}

async function soak(args: readonly string[], plants: readonly Plant[] = []) {
  const argv = [...plantArgv(plants), main, ...args, '--json']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const verdict = JSON.parse(await text(child.stdout)) as Verdict
  return { ...verdict, code: await exited }
}

/** What each viewer leaves behind: a file and 4 MiB. */
const leaks: Plant = {
  file: 'src/gateway/hub.ts',
  find: 'this.#viewers.add(viewer)',
  replace: `this.#viewers.add(viewer)
    ;process.getBuiltinModule('node:fs').openSync('/dev/null')
    ;(globalThis.leak ??= []).push(new Uint8Array(2 ** 22).fill(1))`,
}

test('B5 S9 the soak takes a time that there is, and names of actors that there are', async () => {
  const child = spawn(process.execPath, [main, '--kill', 'nobody'], { stdio: 'pipe' })
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  expect(await text(child.stderr)).toContain('--kill nobody: there is no such')
  expect(await exited).toBe(2)
})

if (tier === 'slow')
  test(
    'S9 a soak notices that viewers leave files and memory behind',
    async () => {
      const { problems, figures, code } = await soak(CALM, [leaks])
      for (const what of ['file descriptors', 'memory']) {
        expect(problems.join('\n')).toContain(what)
      }
      // Many times what comes and goes by itself.
      expect(figures['fdsGrown']).toBeGreaterThan(40)
      expect(figures['ownMibAMinute']).toBeGreaterThan(100)
      expect(code).toBe(1)
    },
    TIMEOUT_MILLIS,
  )
