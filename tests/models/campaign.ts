// What all model campaigns share: how often they run, how a failure is seen again, and the proof
// that each check can fail. Seeds are new every time; a failing campaign prints seed, path and
// (with commands) replayPath, and these words run just that case again:
//
//   ROLLCAST_REPLAY='{"seed":-7,"path":"12:3","replayPath":"AB:C"}' \
//     npx vitest run tests/models/log.test.ts -t 'on LMDB'
//
// What ever failed stays, shrunk, as a test with a name of its own.
import fc from 'fast-check'
import { expect } from 'vitest'
import { runs } from '../faults/tier.ts'

interface Replay {
  readonly seed?: number
  readonly path?: string
  readonly replayPath?: string
}

const replay = JSON.parse(process.env['ROLLCAST_REPLAY'] ?? '{}') as Replay

/** How long a campaign may take: far more than it should. */
export const CAMPAIGN_MILLIS = runs(120_000, 1_800_000)

const CONTROL_SEEDS = 40
const CONTROL_RUNS = 100

/** Parameters of a campaign of so many runs in either tier. */
export function times(
  commit: number,
  slow: number,
): { numRuns: number } & Omit<Replay, 'replayPath'> {
  const { replayPath: _, ...params } = replay
  return { numRuns: runs(commit, slow), ...params }
}

const lists = (maxCommands: number): fc.CommandsContraints => ({
  ...{ maxCommands, size: 'max' },
  ...(replay.replayPath ? { replayPath: replay.replayPath } : {}),
})

/** Lists of commands that take time, at most `maxCommands` of them. */
export const commandLists = <World extends object>(
  commands: fc.Arbitrary<fc.AsyncCommand<World, World>>[],
  maxCommands: number,
): fc.Arbitrary<Iterable<fc.AsyncCommand<World, World>>> =>
  fc.commands(commands, lists(maxCommands))

/** Lists of commands that are carried out at once. */
export const actionLists = <World extends object>(
  actions: fc.Arbitrary<fc.Command<World, World>>[],
  maxCommands: number,
): fc.Arbitrary<Iterable<fc.Command<World, World>>> => fc.commands(actions, lists(maxCommands))

/** One command: what fast-check prints of it when a list fails, and what it does. */
export const command = <World extends object>(
  name: string,
  run: (world: World) => void | Promise<void>,
): fc.AsyncCommand<World, World> => ({
  check: () => true,
  run: async (_model, world) => run(world),
  toString: () => name,
})

/** The same, carried out at once. */
export const action = <World extends object>(
  name: string,
  run: (world: World) => void,
): fc.Command<World, World> => ({
  check: () => true,
  run: (_model, world) => run(world),
  toString: () => name,
})

/** `one` so many times, for commands that are to be drawn more often. */
export const repeat = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)

/** A broken invariant of spec/reliability.md. */
export class Violation extends Error {
  readonly invariant: number

  constructor(invariant: number, what: string) {
    super(`invariant ${invariant}: ${what}`)
    this.invariant = invariant
  }
}

/** Checks invariants and counts how often each was looked at, over all runs of a campaign. */
export class Invariants {
  readonly #looks = new Map<number, number>()
  readonly #seen = new Map<string, number>()
  #noted: Violation | undefined

  /** A run begins: what an earlier one broke is history. */
  begin(): void {
    this.#noted = undefined
  }

  holds(invariant: number, condition: boolean, what: () => string): void {
    this.#looks.set(invariant, (this.#looks.get(invariant) ?? 0) + 1)
    if (!condition) throw new Violation(invariant, what())
  }

  /** For callbacks, in which nobody hears an exception: it is thrown by the next `rethrow`. */
  note(invariant: number, condition: boolean, what: () => string): void {
    try {
      this.holds(invariant, condition, what)
    } catch (violation) {
      this.#noted ??= violation as Violation
    }
  }

  rethrow(): void {
    if (this.#noted) throw this.#noted
  }

  /** Something happened that the campaign is about: its figures say how often. */
  saw(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1)
  }

  /** What was seen, and how often each invariant was looked at: `crashes 12 inv7 1234`. */
  get figures(): Readonly<Record<string, number>> {
    const sorted = [...this.#looks].sort(([a], [b]) => a - b)
    const looks = sorted.map(([invariant, looks]) => [`inv${invariant}`, looks])
    return Object.fromEntries([...this.#seen, ...looks])
  }
}

/**
 * The negative control: over a planted fault a property must fail, and by that invariant. A fault
 * may break others too, so it is looked for in one run after the other. `says` is part of its words.
 */
export async function expectViolation<Ts>(
  invariant: number,
  property: fc.IAsyncProperty<Ts> | fc.IProperty<Ts>,
  says = '',
): Promise<void> {
  const others = new Set<string>()
  for (let seed = 1; seed <= CONTROL_SEEDS; seed++) {
    const params = { numRuns: CONTROL_RUNS, seed, endOnFailure: true }
    const { errorInstance } = await fc.check(property as fc.IAsyncProperty<Ts>, params)
    const isIt = errorInstance instanceof Violation && errorInstance.invariant === invariant
    if (isIt && errorInstance.message.includes(says)) return
    if (errorInstance) others.add(String(errorInstance))
  }
  expect.fail(`nothing noticed that invariant ${invariant} was broken, only: ${[...others]}`)
}
