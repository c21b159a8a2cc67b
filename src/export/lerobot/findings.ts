// What is wrong with a dataset, under the numbers of the format's conformance checks: for each file
// and check the first fault, because a thousand rows are often wrong in the same way.

/** The conformance checks, by section of the format's description. */
export const checks = {
  '12.1': 'info.json describes a dataset of version 3',
  '13': 'no change is half done, and every file belongs to an episode',
  '16.1': 'tables can be read',
  '16.2': 'columns are the features, values are complete, a row group is an episode',
  '16.3': 'rows are numbered through, and timestamps are those of their frames',
  '16.4': 'the episode table has every episode, and its files are there',
  '16.5': 'tasks are in their places',
  '16.6': 'statistics are finite, and those of all episodes together',
  '16.7': 'videos have the frames and the rate of their rows, and are short enough',
  '16.8': 'frames of video stand at their ticks, and an episode begins with a key frame',
  '16.9': 'every row finds its frame within 0.1 ms',
} as const

export type CheckId = keyof typeof checks

/** One fault. */
export interface Finding {
  readonly check: CheckId
  /** A path in the dataset. */
  readonly where: string
  readonly text: string
}

/** Collects findings. */
export class Findings {
  readonly #list: Finding[] = []
  readonly #seen = new Set<string>()

  add(check: CheckId, where: string, text: string): void {
    const key = `${check} ${where}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#list.push({ check, where, text })
  }

  /** Adds a finding unless `found` is `expected`. */
  same(check: CheckId, where: string, what: string, expected: unknown, found: unknown): boolean {
    if (Object.is(expected, found)) return true
    this.add(check, where, `${what}: expected ${expected}, found ${found}`)
    return false
  }

  get list(): readonly Finding[] {
    return this.#list
  }
}
