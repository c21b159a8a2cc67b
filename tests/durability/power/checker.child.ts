// Makes crash images of a recording and judges each: many to a process, because most of them are
// whole. Prints a line of JSON for each; whoever started it counts the one at which it dies.
import { mkdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Campaign, Finding } from './campaign.ts'
import { acknowledged, crashes } from './crash.ts'
import { readRecording } from './recording.ts'
import { judgeRecovered } from './recovered.ts'

const campaign = JSON.parse(process.argv[2]!) as Campaign & { readonly skip: number }
const { root, file, workload, seed, count, skip } = campaign
const calls = readRecording(file, root)
const staleLock = readFileSync(join(root, 'run', 'log', 'lock.mdb'))
const folder = join(root, '..', 'image')

const alive = setInterval(() => {}, 1000) // the log's own timers keep no process alive
for (const crash of crashes(calls, staleLock, seed, count, skip)) {
  const { number, story, told } = crash
  mkdirSync(folder)
  crash.write(folder)
  const recovered = await judgeRecovered(join(folder, 'run'), workload, seed, told)
  rmSync(folder, { recursive: true })
  const finding: Finding = { ...recovered, number, story, acknowledged: acknowledged(told) }
  writeSync(1, `${JSON.stringify(finding)}\n`)
}
clearInterval(alive)
