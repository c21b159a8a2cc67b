// D5 (P7, P1, G6): writers on disks of 1, 4 and 16 MiB, with others who take room beside them. The
// log stops while the reserve is untouched; and where the disk lies about its space, as under a
// quota, it stops at the first block that is not there, before LMDB meets that. Nothing that was
// acknowledged is lost, the process lives, and with more room the sequence goes on.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import type { Workload } from '../workload.ts'
import { makeSmallDisk, type SmallDisk } from './small-disk.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)

interface Life {
  readonly acknowledged: number
  /** Code and message of the failure. */
  readonly failed: string
  readonly alive: boolean
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
  readonly stderr: string
}

/** Runs a child to its end; `meanwhile` is called all the time from its first word on. */
async function live(script: string, args: string[], meanwhile = (): void => {}): Promise<Life> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: Buffer) => {
    said.stdout += text.toString()
  })
  child.stderr.on('data', (text: Buffer) => {
    said.stderr += text.toString()
  })
  const timer = setInterval(() => {
    if (said.stdout !== '') meanwhile()
  }, 1)
  const signal = await new Promise<NodeJS.Signals | null>(resolve =>
    child.once('close', (_, killedBy) => resolve(killedBy)),
  )
  clearInterval(timer)
  const lines = said.stdout.split('\n')
  const last = (word: string): string =>
    lines.findLast(line => line.startsWith(`${word} `))?.slice(word.length + 1) ?? ''
  return {
    acknowledged: Number(last('ack')),
    failed: last('failed'),
    alive: lines.includes('alive'),
    ...{ signal, lines, stderr: said.stderr },
  }
}

/** LMDB has met the full disk: its own words, or an error that is not ours. */
const reachedLmdb = ({ failed, stderr }: Life): boolean =>
  !failed.startsWith('DISK_FULL ') || /Write error|do_write|No space left/.test(stderr)

const random = seededRandom(seed)

/** One writer on the disk, until it is full and beyond; what became of it is judged. */
async function fillUp(disk: SmallDisk, bytes: number, lies: boolean, others: boolean) {
  const dir = join(disk.path, 'run')
  const workload: Workload = bytes === MIB && random.next() < 0.7 ? 'steps' : 'frames'
  const count = 1 + random.below(workload === 'steps' ? 400 : 8)
  const reserve = bytes / 4
  const life = await live(
    'writer.child.ts',
    [dir, workload, String(count), String(reserve), lies ? 'lies' : ''],
    others ? () => disk.take(random.below(16) * 4_096) : undefined,
  )
  const verdict = await judgeLog(dir, { workload, acknowledged: life.acknowledged })
  disk.empty()
  disk.grow(4 * bytes)
  const { report } = await goesOn(dir, workload, { freeBytesMin: reserve })
  const after = await judgeLog(dir, { workload, acknowledged: verdict.lastSeq + 2 })
  rmSync(dir, { recursive: true })
  disk.grow(bytes)
  return { life, verdict, report, after }
}

describe.skipIf(!requireTool('root'))('a disk that becomes full', () => {
  for (const lies of [false, true]) {
    const how = lies ? 'the guard is lied to' : 'the guard is on'
    test(
      `D5 P7 P1 G6: ${how}: fail-stop before LMDB meets it, nothing lost, the sequence goes on (seed ${seed})`,
      async () => {
        const tally = { runs: 0, reachedLmdb: 0, died: 0, acknowledged: 0, lost: 0, inReserve: 0 }
        for (const size of [1, 4, 16]) {
          const disk = makeSmallDisk(size * MIB)
          try {
            for (let run = 0; run < runs(2, 20); run++) {
              const result = await fillUp(disk, size * MIB, lies, run % 2 === 1)
              const { life, verdict, report, after } = result
              const context = `${size} MiB, run ${run}: ${life.lines.slice(-4).join(' | ')} ${life.stderr}`
              expect(verdict.problems, context).toEqual([])
              expect(after.problems, context).toEqual([])
              expect(report, context).toMatchObject({
                ...{ lastSeq: verdict.lastSeq, cleanClose: false, cutBytes: 0 },
              })
              expect(life.lines, context).not.toContain('taken after a failure')
              expect(life, context).toMatchObject({ alive: true, signal: null })
              tally.runs++
              tally.acknowledged += life.acknowledged
              tally.lost += verdict.lost
              if (reachedLmdb(life)) tally.reachedLmdb++
              if (!life.alive) tally.died++
              if (life.failed.includes('in reserve')) tally.inReserve++
            }
          } finally {
            disk.remove()
          }
        }
        figure(lies ? 'D5.lied' : 'D5.guarded', tally)
        expect(tally).toMatchObject({ reachedLmdb: 0, died: 0, lost: 0 })
        expect(tally.acknowledged).toBeGreaterThan(10 * tally.runs)
        if (lies) expect(tally.inReserve).toBe(0)
        else expect(tally.inReserve).toBeGreaterThan(tally.runs / 2)
      },
      runs(60_000, 900_000),
    )
  }

  test(
    'D5 negative control: bare LMDB meets the full disk every time, and processes may die of it',
    async () => {
      const tally = { runs: runs(3, 20), reachedLmdb: 0, aborted: 0 }
      const disk = makeSmallDisk(MIB)
      try {
        for (let run = 0; run < tally.runs; run++) {
          const dir = join(disk.path, 'bare')
          mkdirSync(dir)
          const life = await live('bare.child.ts', [dir])
          if (reachedLmdb(life)) tally.reachedLmdb++
          if (life.signal !== null) tally.aborted++
          rmSync(dir, { recursive: true })
        }
      } finally {
        disk.remove()
      }
      figure('D5.control', tally)
      expect(tally.reachedLmdb).toBe(tally.runs)
    },
    runs(60_000, 300_000),
  )
})
