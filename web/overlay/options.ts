// What an overlay's address says, e.g. `/overlay/metrics?names=train/loss,episode/return&scale=1.5`.
// All of it is optional; what is unknown or out of range is told in place, because an overlay that
// silently shows something else would be noticed on air.

export const overlayNames = ['episode', 'metrics', 'milestones', 'latency'] as const
export type OverlayName = (typeof overlayNames)[number]

export interface OverlayOptions {
  readonly overlay: OverlayName
  /** The agent to show; null leaves it to the server. */
  readonly agent: string | null
  readonly theme: 'dark' | 'light'
  /** Times the ordinary size, 0.5 to 4. */
  readonly scale: number
  /** Behind the figures: `none`, or a `panel` that makes them readable on any picture. */
  readonly background: 'none' | 'panel'
  /** Metrics by name; empty shows the first ones. */
  readonly names: readonly string[]
  /** How many metrics or milestones at once, 1 to 20. */
  readonly max: number
  /** Seconds for which a milestone is shown; 0 keeps the last ones. */
  readonly seconds: number
  /** Of the episode: whether its figures are shown, and whether its meters are. */
  readonly figures: boolean
  readonly meters: boolean
}

export interface ReadOptions {
  readonly options: OverlayOptions
  /** What was wrong with the address, each in a sentence. */
  readonly problems: readonly string[]
}

const known = [
  'agent',
  'theme',
  'scale',
  'background',
  'names',
  'max',
  'seconds',
  'figures',
  'meters',
]

/** Reads path and query of an address, as `location` has them. */
export function readOptions(path: string, query: string): ReadOptions {
  const search = new URLSearchParams(query)
  const problems = [...new Set(search.keys())]
    .filter(key => !known.includes(key))
    .map(key => `expected one of ${known.join(', ')}, found ${key}`)

  const number = (key: string, fallback: number, min: number, max: number): number => {
    const text = search.get(key)
    if (text === null) return fallback
    const value = Number(text)
    if (text.trim() !== '' && value >= min && value <= max) return value
    problems.push(`${key}: expected a number from ${min} to ${max}, found ${text}`)
    return fallback
  }
  const choice = <T extends string>(key: string, choices: readonly [T, ...T[]]): T => {
    const text = search.get(key)
    const found = choices.find(one => one === text)
    if (text !== null && found === undefined) {
      problems.push(`${key}: expected ${choices.join(' or ')}, found ${text}`)
    }
    return found ?? choices[0]
  }

  const name = path.replace(/^.*\//, '')
  const overlay = overlayNames.find(one => one === name)
  if (overlay === undefined) {
    problems.push(`expected /overlay/ and one of ${overlayNames.join(', ')}, found ${path}`)
  }
  const options: OverlayOptions = {
    overlay: overlay ?? 'episode',
    agent: search.get('agent') || null,
    theme: choice('theme', ['dark', 'light']),
    scale: number('scale', 1, 0.5, 4),
    background: choice('background', ['panel', 'none']),
    names: (search.get('names') ?? '').split(',').filter(one => one !== ''),
    max: number('max', 4, 1, 20),
    seconds: number('seconds', 0, 0, 3600),
    figures: choice('figures', ['on', 'off']) === 'on',
    meters: choice('meters', ['on', 'off']) === 'on',
  }
  return { options, problems }
}
