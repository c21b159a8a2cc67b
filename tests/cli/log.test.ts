import { readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataFile } from '../../src/store/open-log.ts'
import {
  episodesOfA,
  frameCount,
  openRun,
  recordWorkspace,
  secret,
  stepCount,
  type Workspace,
} from './recorded-run.ts'
import { jsonLinesOf, jsonOf, rollcast, start } from './rollcast.ts'

let workspace: Workspace
let run: string
beforeAll(async () => {
  workspace = await recordWorkspace()
  run = workspace.run
})
afterAll(() => workspace.remove())

/** A copy whose batch in the middle does not say what was written. */
function damagedCopy(name: string): string {
  const dir = workspace.copy(name)
  const bytes = readFileSync(dataFile(dir))
  for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + 1)) bytes[at]! ^= 1
  writeFileSync(dataFile(dir), bytes)
  return dir
}

describe('log cat', () => {
  test('prints every event once, in order, as JSON that parses', async () => {
    const events = jsonLinesOf(await rollcast('log', 'cat', run, '--json'))
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1))
    expect(events.filter(({ type }) => type === 'step_taken')).toHaveLength(stepCount)
    expect(events[0]).toMatchObject({ seq: 1, epoch: 1, type: 'run_started', run: 'first' })
  })

  test('writes numbers that JSON cannot carry as strings', async () => {
    const events = jsonLinesOf(
      await rollcast('log', 'cat', run, '--types', 'step_taken,metrics_sampled', '--json'),
    )
    expect(events.find(({ type }) => type === 'step_taken')).toMatchObject({
      agent: 'a',
      reward: 'NaN',
      intrinsic_reward: 0,
      meters: { energy: 0.5 },
    })
    const values = events.find(({ type }) => type === 'metrics_sampled')?.['values'] as object
    expect(Object.values(values)).toEqual(['Infinity'])
  })

  test('keeps to a range and to types', async () => {
    const range = await rollcast('log', 'cat', run, '--from', '2', '--to', '4', '--json')
    expect(jsonLinesOf(range).map(({ seq }) => seq)).toEqual([2, 3, 4])
    const frames = await rollcast('log', 'cat', run, '--types', 'frame_captured')
    const lines = frames.stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(frameCount)
    expect(lines[0]).toMatch(/^ +\d+ {2}\d\d:\d\d:\d\d\.\d{3} {2}frame_captured +agent=a camera=/)
  })
})

describe('log tail', () => {
  test('prints the newest events', async () => {
    const { last_seq: lastSeq } = jsonOf(await rollcast('log', 'verify', run, '--json'))
    const tail = jsonLinesOf(await rollcast('log', 'tail', run, '-n', '3', '--json'))
    const last = Number(lastSeq)
    expect(tail.map(({ seq }) => seq)).toEqual([last - 2, last - 1, last])
    const from = jsonLinesOf(await rollcast('log', 'tail', run, '--from', `${last}`, '--json'))
    expect(from.map(({ seq }) => seq)).toEqual([last])
    expect((await rollcast('log', 'tail', run)).stdout.trimEnd().split('\n')).toHaveLength(10)
  })

  test('follows what another process writes, until it is interrupted', async () => {
    const dir = join(workspace.dir, 'followed')
    const live = await openRun(dir)
    try {
      const tail = start(['log', 'tail', dir, '--follow', '-n', '1', '--json'])
      await tail.said(/"seq"/)
      live.recorder('late').step({ reward: 42 })
      await tail.said(/"type":"step_taken","agent":"late".*"reward":42/)
      tail.interrupt()
      const { code, stdout, stderr } = await tail.ended
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
      const seqs = jsonLinesOf({ code, stdout, stderr }).map(({ seq }) => Number(seq))
      expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i))
    } finally {
      await live.close()
    }
  })
})

describe('log stats', () => {
  test('counts events by type', async () => {
    const stats = jsonOf(await rollcast('log', 'stats', run, '--json'))
    expect(stats).toMatchObject({
      run_dir: run,
      epoch: 1,
      events_by_type: { step_taken: stepCount, frame_captured: frameCount, insight_given: 1 },
      frames: frameCount,
      episode_rows: episodesOfA + 1,
      clean_close: true,
    })
    const byType = stats['events_by_type'] as Record<string, number>
    expect(Object.values(byType).reduce((a, b) => a + b)).toBe(stats['events'])
  })

  test('is a table for people', async () => {
    const { code, stdout } = await rollcast('log', 'stats', run)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^finished episodes +4$/m)
    expect(stdout).toMatch(new RegExp(`^step_taken +${stepCount}$`, 'm'))
  })
})

describe('log verify', () => {
  test('finds a whole log whole', async () => {
    const end = await rollcast('log', 'verify', run, '--json')
    expect(end.code).toBe(0)
    const report = jsonOf(end)
    expect(report).toMatchObject({ ok: true, frames: frameCount, problems: [], problem_count: 0 })
    expect(report['last_good_seq']).toBe(report['last_seq'])
    const said = await rollcast('log', 'verify', run)
    expect(said).toMatchObject({ code: 0, stdout: '' })
    expect(said.stderr).toMatch(/events and 30 frames are whole/)
  })

  test('names the last good event of a damaged log and exits with 1', async () => {
    const dir = damagedCopy('flipped')
    const end = await rollcast('log', 'verify', dir, '--json')
    expect(end.code).toBe(1)
    const { ok, last_good_seq: good, last_seq: last } = jsonOf(end)
    expect(ok).toBe(false)
    expect(good).toBeGreaterThan(frameCount)
    expect(good).toBeLessThan(Number(last))
    const said = await rollcast('log', 'verify', dir)
    expect(said.code).toBe(1)
    expect(said.stderr).toContain(`whole up to event ${good} of ${last}`)
  })

  test('P6 a log that cannot be opened is bad data, and how far its bytes are whole is told', async () => {
    const dir = workspace.copy('cut')
    truncateSync(dataFile(dir), 100_000)
    const end = await rollcast('log', 'verify', dir, '--json')
    expect(end.code).toBe(65)
    const verdict = jsonOf(end)
    expect(verdict).toMatchObject({ ok: false, readable: false })
    expect(verdict['reason']).toMatch(/cut off$/)
    expect(verdict['last_good_seq']).toBeGreaterThan(0)
    const { code, stdout, stderr } = await rollcast('log', 'verify', dir)
    expect({ code, stdout }).toEqual({ code: 65, stdout: '' })
    expect(stderr).toContain(`whole up to event ${verdict['last_good_seq']}: "rollcast log salvage`)
  })
})

describe('log recover', () => {
  test('does nothing to a whole log', async () => {
    const end = await rollcast('log', 'recover', workspace.copy('whole'), '--json')
    expect(end.code).toBe(0)
    expect(jsonOf(end)).toMatchObject({ epoch: 2, damage: null, cut_batches: 0, cut_bytes: 0 })
  })

  test('gives up whole events only when asked to', async () => {
    const dir = damagedCopy('mended')
    const refused = await rollcast('log', 'recover', dir)
    expect(refused.code).toBe(65)
    expect(refused.stderr).toMatch(
      /^rollcast: LOG_CORRUPT: .*has to be asked for.*log salvage.*\n$/,
    )
    const end = await rollcast('log', 'recover', dir, '--cut-at-damage', '--json')
    expect(end.code).toBe(0)
    const { last_seq: last, cut_whole_batches: cut } = jsonOf(end)
    expect(cut).toBeGreaterThan(0)
    const verified = jsonOf(await rollcast('log', 'verify', dir, '--json'))
    expect(verified).toMatchObject({ ok: true, last_seq: last })
  })
})

describe('log salvage', () => {
  test('P6 a new log holds what was whole, says where it comes from, and the old one is kept', async () => {
    const dir = damagedCopy('wreck')
    const before = readFileSync(dataFile(dir))
    const into = join(workspace.dir, 'salvaged')
    const end = await rollcast('log', 'salvage', dir, '-o', into, '--json')
    expect(end.code).toBe(0)
    const report = jsonOf(end)
    const last = Number(report['last_seq'])
    const { last_good_seq: good } = jsonOf(await rollcast('log', 'verify', dir, '--json'))
    expect(last).toBe(good)
    expect(report).toMatchObject({
      run_dir: dir,
      new_dir: into,
      frames: frameCount,
      frames_lost: 0,
    })
    expect(report['skipped']).toMatchObject([{ from_seq: last + 1, whole: false }, { whole: true }])
    expect(readFileSync(dataFile(dir))).toEqual(before)
    expect(jsonOf(await rollcast('log', 'verify', into, '--json'))).toMatchObject({
      ok: true,
      last_seq: last + 1,
    })
    const told = jsonLinesOf(await rollcast('log', 'cat', into, '--json'))
    const original = jsonLinesOf(await rollcast('log', 'cat', run, '--to', `${last}`, '--json'))
    expect(told.slice(0, last)).toEqual(original)
    expect(told[last]).toMatchObject({ type: 'salvaged', last_seq: last, previous_epoch: 1 })
    const again = await rollcast('log', 'salvage', dir, '-o', into)
    expect(again.code).toBe(73)
    expect(again.stderr).toContain('expected no log there')
  })

  test('takes a log out of a file that cannot be opened', async () => {
    const dir = workspace.copy('headless')
    const bytes = readFileSync(dataFile(dir))
    writeFileSync(dataFile(dir), bytes.fill(0, 0, 2 * 4096))
    expect((await rollcast('log', 'verify', dir)).code).toBe(65)
    const into = join(workspace.dir, 'headless-salvaged')
    const { code, stderr } = await rollcast('log', 'salvage', dir, '-o', into)
    expect(code).toBe(0)
    expect(stderr).toMatch(/events and 30 frames \(.*\), to the end of the log\n$/)
    expect((await rollcast('replay', into, '--check')).code).toBe(0)
  })
})

describe('log compact', () => {
  test('drops frames when asked to, and the log stays whole', async () => {
    const dir = workspace.copy('compacted')
    const end = await rollcast('log', 'compact', dir, '--drop-frames', '--json')
    expect(end.code).toBe(0)
    const { frames_dropped: dropped, bytes_before: before, bytes_after: after } = jsonOf(end)
    expect(dropped).toBe(frameCount)
    expect(after).toBeLessThanOrEqual(Number(before))
    const verified = jsonOf(await rollcast('log', 'verify', dir, '--json'))
    expect(verified).toMatchObject({ ok: true, frames: 0, pruned_frames: frameCount })
  })

  test.each(['compact', 'recover'])('log %s of a run that is recorded is busy', async verb => {
    const dir = join(workspace.dir, `busy-${verb}`)
    const live = await openRun(dir)
    try {
      const { code, stdout, stderr } = await rollcast('log', verb, dir, '--json')
      expect({ code, stdout }).toEqual({ code: 75, stdout: '' })
      expect(stderr).toBe(
        `rollcast: LOG_LOCKED: ${dir}: the log is being written by process ${process.pid}\n`,
      )
    } finally {
      await live.close()
    }
  })
})

describe('a directory of runs', () => {
  test('stands for its newest run, which is said', async () => {
    const newest = workspace.copy('newest')
    const later = new Date(Date.now() + 60_000)
    utimesSync(dataFile(newest), later, later)
    const end = await rollcast('log', 'stats', workspace.dir, '--json')
    expect(jsonOf(end)).toMatchObject({ run_dir: newest })
    expect(end.stderr).toBe(`the newest run in ${workspace.dir} is ${newest}\n`)
  })
})
