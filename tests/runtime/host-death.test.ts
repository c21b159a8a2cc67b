// S13: the thread of the host dies, and everything that it had started with it. Nobody is left waiting,
// and the program is told, by whichever end is there to tell.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runCommand, tempDir } from './harness.ts'
import type { Told } from './programs/host-death.child.ts'

const program = fileURLToPath(new URL('./programs/host-death.child.ts', import.meta.url))
/** A trainer would wait as long for a recorder that hangs. */
const STALL_MILLIS = 30_000

const HOST = 'src/runtime/host-thread.ts'
const onCrash = '=> host.crash(request.actor, request.how)'
const faulty: Plant = {
  ...{ file: HOST, find: onCrash },
  replace: `=> { throw new Error('planted fault') }`,
}
/** As when it runs out of memory: its thread ends at once, and says nothing. */
const abrupt: readonly Plant[] = [
  { file: HOST, find: onCrash, replace: '=> process.exit(7)' },
  {
    ...{ file: HOST, find: "process.on('exit', () => letGo(control, start.trainer?.ring))" },
    replace: '',
  },
]
/** What is begun when the host dies takes a while. */
const slowDisk: Plant = {
  ...{ file: 'src/store/lmdb-storage.ts', find: 'await this.#makeRoom(writes)' },
  replace: 'await new Promise(done => setTimeout(done, 200)); await this.#makeRoom(writes)',
}

async function play(how: 'blocked' | 'told' | 'busy', plants: readonly Plant[]): Promise<Told> {
  const argv = [...plantArgv(plants), program, tempDir(), how]
  const child = runCommand('host-death', process.execPath, '--no-warnings', ...argv)
  const { code, signal } = await child.exited
  expect({ code, signal, stderr: child.stderr() }).toEqual({ code: 0, signal: null, stderr: '' })
  return child.said[0] as unknown as Told
}

function expectTold({ problems, healthy, actors, flushed, closing }: Told, how: string): void {
  const death = `the host died, nothing is recorded any more: ${how}`
  expect(problems).toContain(death)
  expect(healthy).toBe(false)
  expect(new Set(actors)).toEqual(new Set(['gone']))
  expect(flushed).toBe(false)
  expect(closing).toContain(death)
}

test('S13 P7 P9: a host that dies lets go of a trainer that waits for room, and health is red', async () => {
  const told = await play('blocked', [faulty])
  expectTold(told, 'Error: planted fault')
  expect(told.blockedMillis).toBeLessThan(STALL_MILLIS / 2)
})

test('S13 P7: a host that dies without a last word is told of by its end', async () => {
  expectTold(await play('told', abrupt), 'it ended')
})

test('S13: a host ends after those that it has started, which finish what they have begun', async () => {
  const told = await play('busy', [faulty, slowDisk])
  expectTold(told, 'Error: planted fault')
  const [, unrecorded] = told.closing.match(/; (\d+) events are on no record$/) ?? []
  expect(Number(unrecorded ?? 0)).toBeLessThan(told.undurable)
  expect([told.threads, told.nextEpoch]).toEqual([[], 2])
})
