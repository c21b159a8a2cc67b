// G11, P1: whoever opens a log while it is written takes nothing away from it. LMDB by itself loses
// a transaction that is committed while another process opens (src/store/opening.ts).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { medianOf } from '../../../bench/statistics.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { logDirectory, openLog, openLogReader } from '../../../src/store/open-log.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { runCommand, tempDir } from '../../runtime/harness.ts'
import { makeSmallDisk } from '../disk-full/small-disk.ts'

const programOf = (name: string): string =>
  fileURLToPath(new URL(`./${name}.child.ts`, import.meta.url))

const OPENINGS = 300

type Round = Awaited<ReturnType<typeof openBeside>>

/** Opens `times` times beside a writer; how much of what it acknowledged is whole. */
async function openBeside(times: number, plants: readonly Plant[] = []) {
  const dir = tempDir('/dev/shm')
  const writer = runCommand('writer', process.execPath, programOf('writer'), dir)
  await writer.hears('started')
  const argv = [...plantArgv(plants), programOf('opener'), dir, String(times)]
  const opener = runCommand('opener', process.execPath, ...argv)
  const { code } = await opener.exited
  if (plants.length === 0) expect(code, opener.stderr()).toBe(0)
  writer.process.kill('SIGTERM')
  // The writer may have met what was lost, and stopped.
  const end = await writer.exited
  const isWell = end.code === 0
  const acknowledged = Number(writer.said.at(-1)?.['acknowledged'])
  const { ok, lastGoodSeq } = await verifyLog(dir)
  const whole = isWell && ok && lastGoodSeq === acknowledged
  const mends = opener.said.filter(line => 'mended' in line).length
  const story = `${JSON.stringify(end)}, ${lastGoodSeq} of ${acknowledged}: ${writer.stderr()}`
  return { acknowledged, whole, mends, story, said: opener.said.at(-1) }
}

test(
  'G11 P1 a log loses nothing to those who open it while it is written',
  async () => {
    // Each round has a log of its own: opening checks what is there, which grows by 15,000 events
    // a second.
    const rounds: Round[] = []
    for (let round = 0; round < runs(1, 20); round++) rounds.push(await openBeside(OPENINGS))
    figure('G11', {
      openings: rounds.length * OPENINGS,
      acknowledged: rounds.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      logsNotWhole: rounds.filter(({ whole }) => !whole).length,
      openMillisMedian: medianOf(rounds.map(({ said }) => Number(said?.['median']))).toFixed(1),
      openMillisMax: Math.max(...rounds.map(({ said }) => Number(said?.['max']))).toFixed(0),
    })
    expect(rounds.flatMap(({ whole, story }) => (whole ? [] : story))).toEqual([])
  },
  runs(120_000, 900_000),
)

/** A process that opens once more takes its time to start, as it does on a busy machine. */
const slowMend: Plant = {
  file: 'src/store/opening.ts',
  find: 'const { status, stderr } = spawnSync(',
  replace: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000)
    process.stdout.write('{"mended":true}\\n')
    const { status, stderr } = spawnSync(`,
}

/** Who opens does not wait until the writer is in no transaction. */
const atOnce: Plant = {
  file: 'src/store/opening.ts',
  find: 'sleepUntil(PAUSE_MILLIS_MAX,',
  replace: 'sleepUntil(0,',
}

test('G11 P1 the writer waits for who opens once more, however long that takes to start', async () => {
  let mended = 0
  for (let attempt = 0; attempt < 20 && mended < runs(1, 5); attempt++) {
    const { whole, mends } = await openBeside(20, [slowMend, atOnce])
    expect(whole).toBe(true)
    mended += mends
  }
  expect(mended).toBeGreaterThan(0)
}, 600_000)

test('G11 control: where nobody says that it opens, LMDB loses what is committed meanwhile', async () => {
  const silent: Plant = {
    file: 'src/store/opening.ts',
    find: 'if (!announce(folder, name)) return open()',
    replace: 'return open()',
  }
  let lost = false
  for (let attempt = 0; attempt < 10 && !lost; attempt++) {
    lost = !(await openBeside(OPENINGS, [silent])).whole
  }
  expect(lost).toBe(true)
}, 240_000)

test('G11 who cannot say that it opens, though it may write, does not open', async () => {
  const dir = tempDir()
  await (await openLog(dir)).writer.close()
  writeFileSync(join(logDirectory(dir), 'opening'), '')
  const expected = expect.objectContaining({
    ...{ code: 'UNAVAILABLE', temporary: true },
    message: expect.stringContaining('opening: expected to say here that the log is opened, found'),
  })
  expect(() => openLogReader(dir)).toThrow(expected)
})

test.skipIf(!requireTool('root'))(
  'G11 on a disk without room for one more file it waits, unless no writer can commit there',
  async () => {
    const disk = makeSmallDisk(2 * limits.freeBytesMin, 40)
    onTestFinished(() => disk.remove())
    const dir = join(disk.path, 'run')
    await (await openLog(dir)).writer.close()
    const fillUp = (): void => {
      for (let i = 0; ; i++) writeFileSync(join(disk.path, `other-${i}`), '')
    }
    expect(fillUp).toThrow('ENOSPC')
    expect(() => openLogReader(dir)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
    disk.grow(limits.freeBytesMin)
    await openLogReader(dir).close()
  },
)
