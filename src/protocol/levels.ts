// How much a viewer knows of the field. Whoever gives an insight may say it for several levels:
// `{ levels: { beginner: 'It tries more.', advanced: { entropy: 1.2 } } }`. Pure.

/** From the one that needs the most explaining. */
export const levels = ['beginner', 'intermediate', 'advanced'] as const
export type Level = (typeof levels)[number]
export const DEFAULT_LEVEL: Level = 'advanced'

type ByLevel = Readonly<Partial<Record<Level, unknown>>>

/** What is said to each level; undefined for data that is the same for all. */
export function byLevel(data: unknown): ByLevel | undefined {
  if (!isPlain(data) || Object.keys(data).join() !== 'levels') return undefined
  const said = data['levels']
  if (!isPlain(said)) return undefined
  const names = Object.keys(said)
  const areLevels = names.every(name => (levels as readonly string[]).includes(name))
  return areLevels && names.length > 0 ? said : undefined
}

/** What is said to `level`: its own, else the nearest simpler one, else the simplest there is. */
export function sayingFor(said: ByLevel, level: Level): unknown {
  const simpler = levels.slice(0, levels.indexOf(level) + 1).reverse()
  const name = [...simpler, ...levels].find(one => Object.hasOwn(said, one))
  return name && said[name]
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
