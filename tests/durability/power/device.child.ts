// Runs writers on a small disk of its own and cuts its power: the writer is stopped, and what has
// reached the device by then is copied, mounted and judged. The device knows nothing of what the
// kernel still holds, so a flush is worth what it is worth. To be run in namespaces of its own:
// mounts, loop devices and processes then go with it, however it ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../../../src/base/assert.ts'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import type { Finding } from './campaign.ts'
import { acknowledged, type Told, toldBy } from './crash.ts'
import { Judge } from './judge.ts'

export interface DeviceCampaign {
  readonly folder: string
  readonly images: number
  readonly workloads: readonly string[]
  /** Options of Node for the writers. */
  readonly options: readonly string[]
}

const WRITER = fileURLToPath(new URL('./writer.child.ts', import.meta.url))
const DEVICE_BYTES = 64 * 1024 * 1024
const CUTS_PER_WRITER = 4
const REST_MILLIS_MAX = 60

const { folder, images, workloads, options } = JSON.parse(process.argv[2]!) as DeviceCampaign
const device = join(folder, 'device')
const live = join(folder, 'live')
const copy = join(folder, 'copy')
const rebooted = join(folder, 'rebooted')
const run = (program: string, ...args: string[]): void => void execFileSync(program, args)
const rest = (millis: number): Promise<void> => new Promise(done => setTimeout(done, millis))

/** A disk, and a kernel that says at every look that the machine was started anew. */
function prepare(): void {
  const random = '/proc/sys/kernel/random'
  const bootId = `${random}/boot_id`
  run('mount', '--bind', `${random}/uuid`, bootId)
  const [before, after] = [1, 2].map(() => readFileSync(bootId, 'utf8'))
  assert(before !== after, 'every look finds another boot')
  writeFileSync(device, '')
  truncateSync(device, DEVICE_BYTES)
  run('mkfs.ext4', '-q', device)
  for (const directory of [live, rebooted]) mkdirSync(directory)
  run('mount', '-o', 'loop', device, live)
}

const isAlive = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null

/** Resolves when no thread of the process runs any more; what it had called has then returned. */
async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP')
  const tasks = `/proc/${child.pid}/task`
  const runs = (task: string): boolean =>
    !/\) [TZX] /.test(readFileSync(join(tasks, task, 'stat'), 'utf8'))
  try {
    while (isAlive(child) && readdirSync(tasks).some(runs)) await rest(1)
  } catch (error) {
    // It came to its end meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Copies the device as it is at one instant: again, if the kernel wrote to it meanwhile. */
function copyDevice(): void {
  do run('cp', '--sparse=always', device, copy)
  while (Buffer.compare(readFileSync(device), readFileSync(copy)) !== 0)
}

/** What the writer had said; the instants do not matter to the levels that are played here. */
function told(said: string): Told {
  const lines = readFileSync(said, 'utf8').split('\n').filter(Boolean)
  return toldBy({ said: lines.map(text => ({ text, atMillis: 0 })), atMillis: 0 })
}

async function cutPower(
  judge: Judge,
  name: string,
  log: { workload: string; seed: number; said: string },
  number: number,
): Promise<Finding> {
  const heard = told(log.said)
  copyDevice()
  run('mount', '-o', 'loop', copy, rebooted)
  const first = number % 2 === 0 ? 'reader' : 'writer'
  const recovered = await judge.judge({ ...log, dir: join(rebooted, name), told: heard, first })
  run('umount', rebooted)
  const story = `cut ${number}, ${log.workload} with seed ${log.seed}`
  return { ...recovered, story, acknowledged: acknowledged(heard) }
}

/** One writer and up to four cuts while it writes. */
async function* round(judge: Judge, index: number, random: Random): AsyncGenerator<Finding> {
  const workload = workloads[index % workloads.length]!
  const name = `run-${index}`
  const said = join(folder, name)
  const out = openSync(said, 'a')
  const args = [...options, WRITER, join(live, name), workload, `${index}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', out, 'inherit'] })
  closeSync(out)
  while (isAlive(child) && readFileSync(said).length === 0) await rest(1)
  for (let cut = 0; cut < CUTS_PER_WRITER && isAlive(child); cut++) {
    // The first one comes early; all others when there is something to lose.
    while (cut > 0 && isAlive(child) && acknowledged(told(said)) === 0) await rest(1)
    await rest(random.below(REST_MILLIS_MAX))
    await stop(child)
    yield await cutPower(
      judge,
      name,
      { workload, seed: index, said },
      index * CUTS_PER_WRITER + cut,
    )
    child.kill('SIGCONT')
  }
  if (isAlive(child)) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  run('rm', '-r', join(live, name))
}

prepare()
const judge = new Judge()
const random = seededRandom(1)
let done = 0
for (let index = 1; done < images; index++) {
  for await (const finding of round(judge, index, random)) {
    if (done++ < images) writeSync(1, `${JSON.stringify(finding)}\n`)
  }
}
judge.close()
