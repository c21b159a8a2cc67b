// Runs the crashes of one recording through checkers, and counts. A checker that dies or hangs has
// met an image that would have taken the trainer's process with it.
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Recovered } from './recovered.ts'

export interface Campaign {
  readonly root: string
  readonly file: string
  readonly workload: string
  readonly seed: number
  readonly count: number
}

/** What a checker says of one image. */
export interface Finding extends Recovered {
  readonly number: number
  readonly story: string
  /** The last acknowledged event. */
  readonly acknowledged: number
}

const CHECKER = fileURLToPath(new URL('./checker.child.ts', import.meta.url))
const SILENCE_MILLIS_MAX = 15_000

/** Judges every crash of the campaign. */
export async function findings(campaign: Campaign): Promise<Finding[]> {
  const found: Finding[] = []
  while (found.length < campaign.count) {
    rmSync(join(campaign.root, '..', 'image'), { recursive: true, force: true })
    const end = await runChecker({ ...campaign, skip: found.length }, found)
    if (found.length === campaign.count) break
    const number = found.length
    const story = `crash ${number} of seed ${campaign.seed}`
    const faults = [`the checker ended: ${end}`]
    found.push({ number, story, faults, acknowledged: 0, missing: 0, missingMillis: 0 })
  }
  return found
}

/** Returns how the checker ended; appends what it found. */
async function runChecker(
  campaign: Campaign & { readonly skip: number },
  found: Finding[],
): Promise<string> {
  const child = spawn(process.execPath, [CHECKER, JSON.stringify(campaign)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr = `${stderr}${chunk}`.slice(-500)
  })
  let hung = killWhenSilent(child)
  createInterface({ input: child.stdout }).on('line', line => {
    clearTimeout(hung)
    hung = killWhenSilent(child)
    found.push(JSON.parse(line) as Finding)
  })
  const end = await new Promise<string>(resolve => {
    child.once('close', (code, signal) => resolve(`${signal ?? `code ${code}`} ${stderr}`))
  })
  clearTimeout(hung)
  return end
}

const killWhenSilent = (child: ChildProcess): NodeJS.Timeout =>
  setTimeout(() => child.kill('SIGKILL'), SILENCE_MILLIS_MAX)
