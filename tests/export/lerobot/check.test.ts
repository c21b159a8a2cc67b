// Each conformance check finds the fault that it is for, once, and nothing else does.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SchemaElement } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { type CheckReport, checkDataset } from '../../../src/export/lerobot/check.ts'
import { type CheckId, checks } from '../../../src/export/lerobot/findings.ts'
import { openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { readFooter, readRows } from '../../../src/export/lerobot/parquet-read.ts'
import { listColumn, type Physical } from '../../../src/export/lerobot/parquet-schema.ts'
import { encodeRowGroup, writeTable } from '../../../src/export/lerobot/parquet-write.ts'
import { valueNames } from '../../../src/export/lerobot/statistics.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { makeExample, TOP } from './datasets.ts'
import { fakeVideo, picturesOf, writeFakeVideo } from './fake-video.ts'

const DATA = 'data/chunk-000/file-000.parquet'
const EPISODES = 'meta/episodes/chunk-000/file-000.parquet'
const TASKS = 'meta/tasks.parquet'
const STATS = 'meta/stats.json'
const INFO = 'meta/info.json'
const VIDEO = `videos/${TOP}/chunk-000/file-000.mp4`

type Row = Record<string, unknown>
type Edit = (root: string) => void | Promise<void>

/** Writes a table again with other rows, columns or row groups. */
async function rewrite(
  path: string,
  change: (rows: Row[]) => Row[],
  more: {
    groups?: number[]
    metadata?: Record<string, string>
    extra?: boolean
    reshape?: (schema: SchemaElement[]) => SchemaElement[]
  } = {},
): Promise<void> {
  const footer = readFooter(path)
  const rows = (await readRows(path)).map(row => ({ ...row }))
  const all = change(rows)
  const { reshape = given => given } = more
  const schema = reshape(footer.schema.map(element => ({ ...element })))
  if (more.extra) {
    schema[0]!.num_children = schema[0]!.num_children! + 1
    schema.push({ name: 'extra', type: 'FLOAT', repetition_type: 'OPTIONAL' })
  }
  const pairs = (footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''])
  const columns = [...Object.keys(all[0]!), ...(more.extra ? ['extra'] : [])]
  let from = 0
  const lengths = more.groups ?? footer.row_groups.map(group => Number(group.num_rows))
  const pieces = lengths.map(length => {
    const group = all.slice(from, from + length)
    from += length
    return encodeRowGroup(
      schema,
      columns.map(name => ({ name, data: group.map(row => row[name] ?? null) })),
    )
  })
  writeTable(path, schema, more.metadata ?? Object.fromEntries(pairs), pieces)
}

const table =
  (
    path: string,
    ...[change, more]: Parameters<typeof rewrite> extends [string, ...infer R] ? R : never
  ): Edit =>
  root =>
    rewrite(join(root, path), change, more)

const json =
  (path: string, change: (value: Record<string, object>) => void): Edit =>
  root => {
    const value = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, object>
    change(value)
    writeFileSync(join(root, path), JSON.stringify(value))
  }

const video =
  (change: (pictures: string[]) => string[], fps = 10): Edit =>
  root =>
    writeFakeVideo(join(root, VIDEO), { fps }, change(picturesOf(join(root, VIDEO))))

const set =
  (row: number, name: string, value: unknown) =>
  (rows: Row[]): Row[] =>
    rows.map((each, at) => (at === row ? { ...each, [name]: value } : each))

/** A fault, and what is found: check and place. */
const faults: [string, Edit, [CheckId, string][]][] = [
  ['no info.json', root => rmSync(join(root, INFO)), [['12.1', INFO]]],
  [
    'an older version',
    json(INFO, info => Object.assign(info, { codebase_version: 'v2.1' })),
    [['12.1', INFO]],
  ],
  [
    'a video without an episode',
    root => writeFakeVideo(join(root, VIDEO.replace('000.mp4', '001.mp4')), { fps: 10 }, []),
    [['13', VIDEO.replace('000.mp4', '001.mp4')]],
  ],
  ['a table without its end', root => truncateSync(join(root, DATA), 900), [['16.1', DATA]]],
  [
    'an episode table without its end',
    root => truncateSync(join(root, EPISODES), 900),
    [
      ['16.1', EPISODES],
      ['16.4', INFO],
    ],
  ],
  ['a column too many', table(DATA, rows => rows, { extra: true }), [['16.2', DATA]]],
  ['a list too short', table(DATA, set(2, 'observation.state', [1])), [['16.2', DATA]]],
  ['a value that is missing', table(DATA, set(2, 'action', null)), [['16.2', DATA]]],
  [
    'two episodes in a row group',
    table(DATA, rows => rows, { groups: [8] }),
    [
      ['16.2', DATA],
      ['16.3', DATA],
      ['16.4', DATA],
    ],
  ],
  ['an index that jumps', table(DATA, set(6, 'index', 9n)), [['16.3', DATA]]],
  ['a frame_index that goes on', table(DATA, set(5, 'frame_index', 5n)), [['16.3', DATA]]],
  ['a timestamp of a neighbour', table(DATA, set(1, 'timestamp', 0.10000001)), [['16.3', DATA]]],
  [
    'rows that are missing at the end',
    table(DATA, rows => rows.slice(0, 7), { groups: [5, 2] }),
    [
      ['16.4', DATA],
      ['16.3', 'data'],
    ],
  ],
  [
    'an episode out of its place',
    table(EPISODES, rows => [rows[0]!, { ...rows[1]!, episode_index: 5n }]),
    [['16.4', 'meta/episodes']],
  ],
  [
    'a file of rows that is not there',
    table(EPISODES, set(1, 'data/file_index', 3n)),
    [
      ['16.4', DATA.replace('000.p', '003.p')],
      ['16.4', DATA],
    ],
  ],
  ['a video that is not there', root => rmSync(join(root, VIDEO)), [['16.4', VIDEO]]],
  [
    'a count that is wrong',
    json(INFO, info => Object.assign(info, { total_frames: 9 })),
    [
      ['16.4', INFO],
      ['16.3', 'data'],
    ],
  ],
  [
    'tasks that pandas does not know',
    table(TASKS, rows => rows, { metadata: {} }),
    [['16.5', TASKS]],
  ],
  ['a task out of its place', table(TASKS, set(0, 'task_index', 1n)), [['16.5', TASKS]]],
  ['a row of an unknown task', table(DATA, set(3, 'task_index', 1n)), [['16.5', DATA]]],
  [
    'a mean of something else',
    json(STATS, stats => Object.assign(stats['action']!, { mean: [0.5] })),
    [['16.6', STATS]],
  ],
  [
    'a statistic of another shape',
    json(STATS, stats => Object.assign(stats[TOP]!, { min: [0, 0, 0] })),
    [['16.6', STATS]],
  ],
  [
    'a video with a frame too few',
    video(pictures => pictures.slice(0, 7)),
    [
      ['16.7', VIDEO],
      ['16.9', VIDEO],
    ],
  ],
  [
    'a video of another rate',
    video(pictures => pictures, 11),
    [
      ['16.7', VIDEO],
      ['16.8', VIDEO],
      ['16.9', VIDEO],
    ],
  ],
  [
    'an episode without a key frame at its start',
    video(pictures => pictures.map((picture, at) => (at === 5 ? 'delta' : picture))),
    [['16.8', VIDEO]],
  ],
  [
    'times that point to the frame before',
    table(EPISODES, rows =>
      rows.map((row, at) => {
        const [from, to] = ['from', 'to'].map(end => `videos/${TOP}/${end}_timestamp`)
        return at === 0 ? row : { ...row, [from!]: 0.4, [to!]: 0.7 }
      }),
    ),
    [['16.9', VIDEO]],
  ],
]

const found = ({ findings }: CheckReport): [CheckId, string][] =>
  findings.map(({ check, where }) => [check, where])

describe('a planted fault is found', () => {
  test.each(faults)('%s', (_, edit, expected) =>
    withRunDirectory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [5, 3])
      expect(found(await checkDataset(root, fakeVideo))).toEqual([])
      await edit(root)
      expect(found(await checkDataset(root, fakeVideo)).sort()).toEqual(expected.sort())
    }, memory)(),
  )

  test('every check has a fault', () => {
    const tried = new Set(faults.flatMap(([, , expected]) => expected.map(([check]) => check)))
    expect([...tried].sort()).toEqual(Object.keys(checks).sort())
  })
})

/** Leaves `name` as a table of another writer has it: two rows of three, not flattened. */
const shapeTwoByThree = (path: string, name: string, physical: Physical): Promise<void> =>
  rewrite(path, rows => rows.map(row => ({ ...row, [name]: inRows(row[name]) })), {
    reshape(schema) {
      const at = schema.findIndex(element => element.name === name)
      return schema.toSpliced(at, 3, ...listColumn(name, physical, 2).elements)
    },
  })

const inRows = (flat: unknown): unknown[][] => {
  const list = Array.from(flat as ArrayLike<unknown>)
  return [list.slice(0, 3), list.slice(3)]
}

test(
  'X1 a feature of several dimensions is sound as other writers store it',
  withRunDirectory(async dir => {
    const root = join(dir, 'dataset')
    const grid = { dtype: 'float32', shape: [2, 3] } as const
    const writer = await openDataset(root, { fps: 10, features: { grid } })
    for (const rows of [5, 3]) {
      const columns = { grid: Array.from({ length: 6 * rows }, (_, at) => at / 4) }
      await writer.addEpisode({ source: `run/${rows}`, rows, task: 'see', columns })
    }
    await writer.compact()
    writer.close()
    json(INFO, info => {
      Object.assign((info['features'] as Record<string, object>)['grid']!, { shape: [2, 3] })
    })(root)
    await shapeTwoByThree(join(root, DATA), 'grid', { type: 'FLOAT' })
    for (const each of valueNames) {
      await shapeTwoByThree(join(root, EPISODES), `stats/grid/${each}`, { type: 'DOUBLE' })
    }
    json(STATS, ({ grid: stats }) => {
      const values = stats as Record<string, unknown>
      for (const each of valueNames) values[each] = inRows(values[each])
    })(root)
    expect((await checkDataset(root)).findings).toEqual([])
    const short = [
      [1, 2, 3],
      [4, 5],
    ]
    await rewrite(join(root, DATA), set(2, 'grid', short))
    expect(found(await checkDataset(root))).toEqual([['16.2', DATA]])
  }, memory),
)

test(
  'without a tool for videos it says what it could not check',
  withRunDirectory(async dir => {
    const root = join(dir, 'dataset')
    await makeExample(root, dir, [5, 3])
    expect((await checkDataset(root)).unchecked).toEqual(['16.7', '16.8', '16.9'])
    expect((await checkDataset(root, fakeVideo)).unchecked).toEqual([])
  }, memory),
)
