// D1 (P1, P2, P3): a process that writes three logs, each in a mode of its own, is killed at a random
// instant, from before its first system call on the log to the middle of a commit. What it had said
// on a pipe is held against what is there. By the clock alone a slow disk would have most of the
// writers killed before they had acknowledged anything, so in turn the instant is counted from
// further and further on.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { type Places, places } from './places.ts'
import { type Account, startWriter, type Task } from './writer.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
/** The opening is hit so long after the writer's first word. */
const OPENING_MILLIS_MAX = 40
/** Writing is hit so long after all three logs are open, or after each has acknowledged something. */
const WRITING_MILLIS_MAX = 60
/** Until the next writer has opened the log, checks included. */
const OPEN_MILLIS_MAX = 500
/** Writers that go on in the same logs, before new ones are made: judging a log reads all of it. */
const LIVES = 5

const modes = {
  sync: { durability: 'sync', workload: 'steps', batch: 1, window: 1 },
  group: { durability: 'group', workload: 'steps', batch: 100, window: 4 },
  frames: { durability: 'group', workload: 'frames', batch: 2, window: 8 },
} as const
type Mode = keyof typeof modes
const names = Object.keys(modes) as Mode[]

const taskIn = (dir: string, acknowledgeEarly = false): Task => ({
  logs: names.map(mode => ({ ...modes[mode], dir: join(dir, mode) })),
  contributions: 1_000_000,
  acknowledgeEarly,
})

const opened = (account: Account): boolean => account.opened !== undefined
const acknowledged = (account: Account): boolean => account.acknowledged > 0

/** What a writer that is killed has come to, by turns. */
const stages = ['started', 'opened', 'acknowledged', 'acknowledged'] as const
type Stage = (typeof stages)[number]

/** Starts a writer and kills it at a random instant after `stage`; what it said until then. */
async function kill(task: Task, stage: Stage, random: Random): Promise<readonly Account[]> {
  const writer = startWriter(task)
  const has = {
    started: writer.started,
    opened: () => writer.accounts.every(opened),
    acknowledged: () => writer.accounts.every(acknowledged),
  }
  await writer.hears(has[stage])
  const millisMax = stage === 'started' ? OPENING_MILLIS_MAX : WRITING_MILLIS_MAX
  await new Promise(resolve => setTimeout(resolve, random.next() * millisMax))
  writer.kill()
  expect(await writer.exited, writer.stderr()).toEqual({ code: null, signal: 'SIGKILL' })
  return writer.accounts
}

interface Tally {
  kills: number
  emitted: number
  acknowledged: number
  recovered: number
  lost: number
  problems: string[]
  /** Epochs of one log go up by one with each writer that came to open it. */
  epochs: number
  openMillis: number[]
  /** The most that was emitted and not acknowledged when the process died. */
  windowEvents: number
}

async function campaign(kills: number, where: Places, acknowledgeEarly = false) {
  const random = seededRandom(seed)
  const tallies = Object.fromEntries(
    names.map(mode => [
      mode,
      {
        ...{ kills, emitted: 0, acknowledged: 0, recovered: 0, lost: 0, epochs: 0 },
        ...{ problems: [] as string[], openMillis: [] as number[], windowEvents: 0 },
      } satisfies Tally,
    ]),
  ) as Record<Mode, Tally>
  let dir = ''
  const ends = { sync: 0, group: 0, frames: 0 }
  for (let round = 0; round < kills; round++) {
    if (round % LIVES === 0) {
      dir = where.next()
      for (const mode of names) ends[mode] = 0
    }
    const stage = stages[round % stages.length]!
    const accounts = await kill(taskIn(dir, acknowledgeEarly), stage, random)
    for (const [index, mode] of names.entries()) {
      const account = accounts[index]!
      const tally = tallies[mode]
      const { workload, acknowledged, emitted = 0 } = account.witness
      // A writer that dies before it has opened the log takes nothing away from it.
      const witness = { workload, acknowledged: Math.max(acknowledged, ends[mode]) }
      const verdict = await judgeLog(join(dir, mode), {
        ...witness,
        emitted: Math.max(emitted, ends[mode]),
      })
      tally.problems.push(...verdict.problems.map(problem => `kill ${round}: ${problem}`))
      tally.lost += verdict.lost
      tally.recovered += verdict.lastSeq - ends[mode]
      tally.emitted += Math.max(0, emitted - ends[mode])
      tally.acknowledged += witness.acknowledged - ends[mode]
      tally.windowEvents = Math.max(tally.windowEvents, emitted - witness.acknowledged)
      if (account.opened) {
        tally.epochs++
        tally.openMillis.push(account.opened.millis)
      }
      ends[mode] = verdict.lastSeq
    }
  }
  return { tallies, dir }
}

function quantiles(millis: readonly number[]) {
  const sorted = millis.toSorted((a, b) => a - b)
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? 0
  return { openMillisP50: at(0.5), openMillisP99: at(0.99), openMillisMax: at(1) }
}

/** The campaign over logs that are kept `on` memory or disk. */
export function declareKills(on: 'memory' | 'disk', kills: number): void {
  test(`D1 P1 P3: ${kills} kills at random instants, logs ${on === 'disk' ? 'on' : 'in'} ${on}, lose nothing acknowledged (seed ${seed})`, async () => {
    const { tallies, dir } = await campaign(kills, places(on))
    for (const mode of names) {
      const { problems, openMillis, ...tally } = tallies[mode]
      const opening = quantiles(openMillis)
      figure(`D1.${mode}.${on}`, { ...tally, ...opening })
      expect(problems, mode).toEqual([])
      expect(tally.lost, mode).toBe(0)
      expect(tally.recovered, mode).toBeGreaterThanOrEqual(tally.acknowledged)
      expect(tally.recovered, mode).toBeLessThanOrEqual(tally.emitted)
      // The campaign met writers at work, not only ones that had not begun.
      expect(tally.acknowledged, mode).toBeGreaterThanOrEqual(Math.floor(kills / stages.length) * 2)
      // The slow tier has the machine to itself, but for a moment now and then.
      const typical = runs(opening.openMillisP50, opening.openMillisP99)
      expect(typical, mode).toBeLessThanOrEqual(OPEN_MILLIS_MAX)
      const { report } = await goesOn(join(dir, mode), modes[mode].workload)
      expect(report).toMatchObject({ cleanClose: false, cutBytes: 0, cutEvents: 0 })
    }
  }, 3_600_000)
}

/** A writer that must be caught. */
export function declareControl(): void {
  test(`D1 negative control: a writer that acknowledges before the flush is caught (seed ${seed})`, async () => {
    const { tallies } = await campaign(10, places('memory'), true)
    const lost = names.map(mode => tallies[mode].lost)
    expect(Math.min(tallies.group.lost, tallies.frames.lost), lost.join()).toBeGreaterThan(0)
    expect(tallies.group.problems.join()).toContain('acknowledged events are lost')
  }, 60_000)
}
