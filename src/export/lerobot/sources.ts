// Which episodes of the outside world the dataset holds: line k names the source of episode k. Lines
// are appended before the commit that adds their episodes; what info.json does not count is cut.
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RollcastError } from '../../base/errors.ts'
import { syncPath } from '../../base/sync-path.ts'
import { type BeforeStep, type Commit, OWN_DIRECTORY } from './commit.ts'

const SOURCES = `${OWN_DIRECTORY}/sources.jsonl`

const line = (source: string): string => `${JSON.stringify(source)}\n`

/** Whether the dataset in `root` is one that we began. */
export const isOurs = (root: string): boolean => existsSync(join(root, SOURCES))

export function beginSources(root: string): void {
  writeFileSync(join(root, SOURCES), '')
  syncPath(join(root, SOURCES))
}

/** They are on the disk when `commit` counts. */
export function appendSources(
  root: string,
  sources: readonly string[],
  commit: Commit,
  beforeStep: BeforeStep,
): void {
  beforeStep('note the sources')
  appendFileSync(join(root, SOURCES), sources.map(line).join(''))
  commit.changed(SOURCES)
}

/** Episodes by source, of the first `episodes` lines; the others are cut. BAD_INPUT for fewer. */
export function readSources(root: string, episodes: number): Map<string, number> {
  const path = join(root, SOURCES)
  const bytes = readFileSync(path)
  const sources = new Map<string, number>()
  let end = 0
  while (sources.size < episodes) {
    const next = bytes.indexOf(0x0a, end)
    const source = next < 0 ? undefined : parse(bytes.toString('utf8', end, next))
    if (typeof source !== 'string' || sources.has(source)) {
      const found = `${sources.size} before ${next < 0 ? 'its end' : 'a line of something else'}`
      throw new RollcastError('BAD_INPUT', `${path}: expected ${episodes} sources, found ${found}`)
    }
    sources.set(source, sources.size)
    end = next + 1
  }
  if (end < bytes.length) truncateSync(path, end)
  return sources
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
