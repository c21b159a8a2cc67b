// S6: an event that kills whoever handles it, again and again. After three deaths over it the actor
// passes it over and says so in the log; all the rest is processed, once. A record in the ring that
// no recorder can take in is met in the same way.
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { figure } from '../faults/figures.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs } from '../faults/tier.ts'
import { runCommand, tempDir } from '../runtime/harness.ts'
import { checkNothingMissing, only } from '../runtime/nothing-missing.ts'
import type { PoisonTask, Told } from './programs/poison.child.ts'

const poisonProgram = fileURLToPath(new URL('./programs/poison.child.ts', import.meta.url))

/** Each actor dies of the beginning of an episode that carries its poison. */
const deadly = (actor: ActorKind, file: string, find: string, event: string): Plant => ({
  file,
  find,
  replace: `if (${event}.info?.poison === 'for ${actor}') throw new Error('poison')
    ${find}`,
})
const poisons: readonly Plant[] = [
  deadly('aggregator', 'src/actors/aggregator/logic.ts', 'state.epoch = envelope.epoch', 'event'),
  deadly(
    'encoder',
    'src/actors/encoder/logic.ts',
    "if (event.type !== 'episode_ended' && event.type !== 'episode_began') return []",
    'event',
  ),
  deadly(
    'broadcaster',
    'src/actors/broadcaster/logic.ts',
    'this.#begin(event, time, shown)',
    'event',
  ),
  {
    file: 'src/runtime/run.ts',
    find: 'const inlet = new RingInlet(ring, {',
    replace: 'const inlet = globalThis.inlet = new RingInlet(ring, {',
  },
]

interface Outcome {
  readonly told: Told
  /** What the log says was passed over: by whom, which event. */
  readonly passed: readonly (readonly [actor: string, seq: number | null])[]
}

async function play(task: PoisonTask, plants: readonly Plant[] = []): Promise<Outcome> {
  const dir = tempDir()
  // An actor in a process of its own has its options from here too.
  vi.stubEnv('NODE_OPTIONS', plantArgv([...poisons, ...plants]).join(' '))
  onTestFinished(() => void vi.unstubAllEnvs())
  const argv = ['--disable-warning=ExperimentalWarning', poisonProgram, dir, JSON.stringify(task)]
  const program = runCommand('poison', process.execPath, ...argv)
  const { code } = await program.exited
  expect(code).toBe(0)
  const told = program.said[0] as unknown as Told
  const events = await checkNothingMissing(dir, told.steps)
  const poisoned = new Map(
    events.flatMap(({ seq, event }) =>
      event.type === 'episode_began' && event.info
        ? [[seq, String((event.info as { poison: string }).poison)]]
        : [],
    ),
  )
  const quarantined = only(events, 'event_quarantined')
  for (const { actor, seq, error, deaths } of quarantined) {
    expect(deaths).toBe(3)
    if (seq === null)
      expect([actor, error]).toEqual(['recorder', expect.stringContaining('layout')])
    else
      expect([poisoned.get(seq), error]).toEqual([
        `for ${actor}`,
        expect.stringMatching(/^(Error: )?poison$/),
      ])
  }
  return { told, passed: quarantined.map(({ actor, seq }) => [actor, seq]) }
}

const timeout = 300_000
/** Of four actors in turn; a run passes over a few events only. */
const PER_RUN = 12
const victims: readonly ActorKind[] = ['aggregator', 'encoder', 'recorder', 'broadcaster']

describe('S6: a poison event', () => {
  test('S6: is passed over after three deaths, recorded with its number, and the rest goes on', {
    timeout,
  }, async () => {
    const count = runs(5, 50)
    const millis: number[] = []
    let passed = 0
    for (let done = 0; done < count; done += PER_RUN) {
      const doses = Array.from({ length: Math.min(PER_RUN, count - done) }, (_, i) => {
        return victims[(done + i) % victims.length]!
      })
      // What is passed over reaches a process by another way: as copies, on one line.
      const encoderPlacement = (done / PER_RUN) % 2 === 0 ? 'process' : 'thread'
      const outcome = await play({ doses, encoderPlacement })
      // The broadcaster meets an event once, and reads no log: it dies once and has nothing to skip.
      const expected = doses.filter(actor => actor !== 'broadcaster')
      expect(outcome.passed.map(([actor]) => actor).sort()).toEqual(expected.sort())
      for (const actor of victims) {
        const given = doses.filter(one => one === actor).length
        expect(outcome.told.restarts[actor], actor).toBe(
          actor === 'broadcaster' ? given : 3 * given,
        )
        const places = outcome.told.quarantined[actor] ?? []
        expect(places.length, actor).toBe(actor === 'broadcaster' ? 0 : given)
      }
      expect(outcome.told.problems).toEqual([])
      passed += outcome.passed.length
      millis.push(...outcome.told.millis)
    }
    millis.sort((a, b) => a - b)
    figure('S6', {
      'poison events': count,
      'passed over': passed,
      'past it after ms, median': millis[millis.length >> 1] ?? 0,
      'at worst': millis.at(-1) ?? 0,
    })
  })

  test('S6: control: without quarantine the group gives up', { timeout }, async () => {
    const never: Plant = {
      file: 'src/protocol/quarantine.ts',
      find: 'const DEATHS_FORGIVEN = 2',
      replace: 'const DEATHS_FORGIVEN = 1_000',
    }
    const task: PoisonTask = { doses: ['aggregator'], encoderPlacement: 'thread' }
    await expect(play(task, [never])).rejects.toThrow()
  })
})
