// What was measured, kept: one file a machine in bench/results, to which every saved run of a suite
// adds a line of JSON. Nothing in it is ever changed, so that the figures of two versions can be
// compared long after; the newest line of a suite is the one that is published.
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GIB } from '../src/base/bytes.ts'
import { RollcastError } from '../src/base/errors.ts'
import { describeMachine } from './report.ts'
import type { SuiteResult } from './suite.ts'

export interface SavedResult extends SuiteResult {
  readonly suite: string
  /** Whether these are the suite's figures or those of its sweep. */
  readonly kind: 'figures' | 'sweep'
  /** When it ended, ISO 8601. */
  readonly at: string
  /** What was checked out; with `+` when what is measured was changed since. Empty outside a checkout. */
  readonly commit: string
  /** As `describeMachine` has it. */
  readonly machine: string
  /** What to type for it. */
  readonly command: string
}

const folder = fileURLToPath(new URL('./results/', import.meta.url))

/** A name for this kind of machine: its processors and its memory. */
export function machineName(): string {
  const [first, ...others] = cpus()
  const model = (first?.model ?? 'unknown').toLowerCase().replace(/\(r\)|\(tm\)|@.*$/g, '')
  const gib = Math.round(totalmem() / GIB)
  return `${others.length + 1} ${model} ${gib}gib`.replace(/[^a-z0-9]+/g, '-')
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const places = ['../../src', '../../examples', '..', ':(exclude).']
    const changed = git('status', '--porcelain', '--', ...places).length > 0
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '')
  } catch {
    return ''
  }
}

/** Adds a line to the file of this machine; returns the file. */
export function saveResult(
  suite: string,
  kind: SavedResult['kind'],
  command: string,
  result: SuiteResult,
): string {
  const at = new Date().toISOString()
  const told = { suite, kind, at, commit: commit(), machine: describeMachine(), command }
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${machineName()}.jsonl`)
  appendFileSync(file, `${JSON.stringify({ ...told, ...result })}\n`)
  return file
}

/** The machines that have results, as their files are named. */
export const savedMachines = (): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter(file => file.endsWith('.jsonl'))
        .map(file => file.replace('.jsonl', ''))
        .toSorted()
    : []

/** All that was saved on a machine, oldest first. Throws NOT_FOUND and BAD_INPUT. */
export function readResults(machine: string): SavedResult[] {
  const file = join(folder, `${machine}.jsonl`)
  if (!existsSync(file)) {
    throw new RollcastError('NOT_FOUND', `no results of machine ${machine}: expected ${file}`)
  }
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line, i) => (line === '' ? [] : [parseLine(line, `${file}:${i + 1}`)]))
}

function parseLine(line: string, where: string): SavedResult {
  try {
    return JSON.parse(line) as SavedResult
  } catch (cause) {
    throw new RollcastError('BAD_INPUT', `${where}: expected a line of JSON`, { cause })
  }
}
