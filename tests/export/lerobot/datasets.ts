// Descriptions and episodes for tests, random ones too, and a dataset read back as what it means:
// rows, episodes and pictures, wherever they stand.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../../src/base/random.ts'
import type { ColumnValues } from '../../../src/export/lerobot/columns.ts'
import type {
  DatasetDescription,
  FeatureDescription,
  NumericType,
} from '../../../src/export/lerobot/features.ts'
import { openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { readRows } from '../../../src/export/lerobot/parquet-read.ts'
import type { EpisodeInput } from '../../../src/export/lerobot/prepare.ts'
import {
  type FeatureStatistics,
  numericStatistics,
} from '../../../src/export/lerobot/statistics.ts'
import { fakeVideo, picturesOf, writeFakeVideo } from './fake-video.ts'

/** The worked example of the format: two episodes of 5 and 3 frames, 10 a second. */
export const example: DatasetDescription = {
  fps: 10,
  features: {
    'observation.state': { dtype: 'float32', shape: [2], names: ['x', 'y'] },
    action: { dtype: 'float32', names: ['a'] },
    'next.reward': { dtype: 'float32' },
    'next.done': { dtype: 'bool' },
    'observation.images.top': { dtype: 'video', shape: [6, 8, 3] },
  },
}

export const TOP = 'observation.images.top'

/** Statistics of some pictures. */
export const pictureStatistics = (channels = 3, frames = 5): FeatureStatistics =>
  numericStatistics(
    Array.from({ length: channels * frames }, (_, at) => (at % 7) / 7),
    channels,
  )

export function exampleEpisode(directory: string, number: number, rows: number): EpisodeInput {
  const segment = join(directory, `segment-${number}`)
  const pictures = Array.from({ length: rows }, (_, at) => `key ${number}/${at}${'.'.repeat(99)}`)
  writeFakeVideo(segment, { fps: 10 }, pictures)
  const last = rows - 1
  return {
    source: `run/${number}`,
    rows,
    task: 'stay alive',
    columns: {
      'observation.state': Array.from({ length: rows }, (_, at) => [at / 10, (5 - at) / 10]).flat(),
      action: Array.from({ length: rows }, (_, at) => at / 4),
      'next.reward': Array.from({ length: rows }, (_, at) => Number(at === last)),
      'next.done': Array.from({ length: rows }, (_, at) => at === last),
    },
    videos: { [TOP]: [segment] },
    pictureStatistics: { [TOP]: pictureStatistics(3, rows * 48) },
  }
}

/** A dataset of example episodes with these lengths, closed. */
export async function makeExample(
  root: string,
  segments: string,
  lengths: readonly number[],
): Promise<void> {
  const writer = await openDataset(root, example, { video: fakeVideo })
  for (const [number, rows] of lengths.entries()) {
    await writer.addEpisode(exampleEpisode(segments, number, rows))
  }
  await writer.compact()
  writer.close()
}

const numericTypes = [
  ...['float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32'],
  'bool',
] as NumericType[]

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!

/** Some features of any kind, with any names. */
export function randomDescription(random: Random): DatasetDescription {
  const features: Record<string, FeatureDescription> = {}
  const count = 1 + random.below(6)
  for (let at = 0; at < count; at++) {
    const kind = random.below(10)
    const name = pick(random, ['observation.x', 'action.y', 'Größe', 'a b']) + at
    if (kind === 0) features[name] = { dtype: 'string' }
    else if (kind === 1) features[name] = { dtype: 'image', shape: [5, 7, 3] }
    else if (kind === 2) features[`observation.images.${at}`] = { dtype: 'video', shape: [6, 8, 3] }
    else features[name] = { dtype: pick(random, numericTypes), shape: [1 + random.below(4)] }
  }
  return { fps: pick(random, [1, 7, 10, 30, 60]), features }
}

const specials = [0, -0, 1, -1, 0.1, 1e-300, -3.5, Number.NaN, Number.POSITIVE_INFINITY, 1e200]

function randomValue(random: Random, dtype: NumericType): number | bigint | boolean {
  if (dtype === 'bool') return random.below(2) === 1
  if (dtype === 'int64')
    return (BigInt(random.below(2 ** 32)) ** 2n * (random.below(2) ? 1n : -1n)) / 4n
  const bits = Number(/\d+/.exec(dtype)![0])
  if (dtype.startsWith('float')) {
    const value = random.below(3) === 0 ? pick(random, specials) : random.next() * 100 - 50
    return bits === 32 ? Math.fround(value) : value
  }
  const value = random.below(2 ** bits)
  return dtype.startsWith('uint') ? value : value - 2 ** (bits - 1)
}

/** A picture of 7x5 for those who look at its head only. */
function png(random: Random): Uint8Array {
  const bytes = new Uint8Array(24 + random.below(30)).map(() => random.below(256))
  const head = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  bytes.set([...head, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 7, 0, 0, 0, 5])
  return bytes
}

/** An episode that fits `description`; its videos are written into `directory`. */
export function randomEpisode(
  random: Random,
  description: DatasetDescription,
  directory: string,
  source: string,
): EpisodeInput {
  const rows = 2 + random.below(12)
  const columns: Record<string, ColumnValues> = {}
  const videos: Record<string, string[]> = {}
  const statistics: Record<string, FeatureStatistics> = {}
  for (const [name, feature] of Object.entries(description.features)) {
    if (feature.dtype === 'string') {
      columns[name] = Array.from({ length: rows }, () =>
        pick(random, ['', 'ä', 'b'.repeat(40), '😀']),
      )
    } else if (feature.dtype === 'image') {
      columns[name] = Array.from({ length: rows }, () => png(random))
      statistics[name] = pictureStatistics(3, rows)
    } else if (feature.dtype === 'video') {
      videos[name] = randomVideo(
        random,
        join(directory, `${name}-${source.replaceAll('/', '-')}`),
        {
          ...{ fps: description.fps, rows, source },
        },
      )
      statistics[name] = pictureStatistics(3, rows * 35)
    } else {
      const { dtype, shape = [1] } = feature
      const length = rows * shape[0]!
      columns[name] = Array.from({ length }, () => randomValue(random, dtype)) as ColumnValues
    }
  }
  const texts = ['stay alive', 'überleben 😀', 'x']
  const task =
    random.below(2) === 0
      ? pick(random, texts)
      : Array.from({ length: rows }, () => pick(random, texts))
  return { source, rows, task, columns, videos, pictureStatistics: statistics }
}

/** In one to three files. */
function randomVideo(
  random: Random,
  path: string,
  { fps, rows, source }: { fps: number; rows: number; source: string },
): string[] {
  const cuts = [random.below(rows), random.below(rows), rows].sort((a, b) => a - b)
  let from = 0
  return cuts.flatMap((to, at) => {
    if (to === from) return []
    const pictures = Array.from(
      { length: to - from },
      (_, frame) => `key ${source}/${from + frame}`,
    )
    from = to
    writeFakeVideo(`${path}.${at}`, { fps }, pictures)
    return `${path}.${at}`
  })
}

/** Everything that a dataset says, but for the files in which it says it. */
export interface Meaning {
  readonly info: Readonly<Record<string, unknown>>
  readonly statistics: unknown
  readonly tasks: readonly unknown[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly episodes: readonly Readonly<Record<string, unknown>>[]
  /** By video key, of each episode. */
  readonly pictures: Readonly<Record<string, readonly (readonly string[])[]>>
}

/** All files below `root`, as paths in it. */
export const filesBelow = (root: string, top: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(path => path.startsWith(top))
    .sort()

/** `look`: what is told apart of the pictures of a video file, one after the other. */
export async function meaningOf(
  root: string,
  look: (path: string) => string[] = picturesOf,
): Promise<Meaning> {
  const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))
  const read = async (top: string): Promise<Record<string, unknown>[]> => {
    const tables = await Promise.all(filesBelow(root, top).map(path => readRows(join(root, path))))
    return tables.flat()
  }
  const info = json('meta/info.json') as Meaning['info']
  const table = await read('meta/episodes')
  const pictures: Record<string, string[][]> = {}
  for (const column of Object.keys(table[0] ?? {})) {
    const key = /^videos\/(.*)\/chunk_index$/.exec(column)?.[1]
    if (key === undefined) continue
    pictures[key] = table.map(row => spanOf(root, row, key, Number(info['fps']), look))
  }
  const placed = /^(data|videos\/.*|meta\/episodes)\/(chunk_index|file_index|.*_timestamp)$/
  return {
    ...{ info, tasks: await read('meta/tasks'), pictures, rows: await read('data/') },
    statistics: table.length > 0 ? json('meta/stats.json') : {},
    episodes: table.map(row =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !placed.test(name))),
    ),
  }
}

function spanOf(
  root: string,
  row: Record<string, unknown>,
  key: string,
  fps: number,
  look: (path: string) => string[],
): string[] {
  const number = (name: string): string => String(row[`videos/${key}/${name}`]).padStart(3, '0')
  const path = `videos/${key}/chunk-${number('chunk_index')}/file-${number('file_index')}.mp4`
  const at = (name: string): number => Math.round(Number(row[`videos/${key}/${name}`]) * fps)
  return look(join(root, path)).slice(at('from_timestamp'), at('to_timestamp'))
}
