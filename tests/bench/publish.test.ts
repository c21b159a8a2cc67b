// What the benches publish: bars, tables, charts, and that the pages show what has been saved.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { barOf, bars, describeBar, isMet, judge } from '../../bench/bars.ts'
import { barChart, lineChart } from '../../bench/publish/chart.ts'
import { chartsOf, fillPage, newestOf } from '../../bench/publish/pages.ts'
import { readResults, type SavedResult, savedMachines } from '../../bench/results.ts'
import { type Figure, figure, growthOf } from '../../bench/suite.ts'
import { suites } from '../../bench/suites.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

const append = (median: number, peer: string | null, ratio: number | null): Figure => ({
  ...figure('append.events_per_second', 'events/s', [median]),
  ...{ peer, ratio },
})

const result = (over: Partial<SavedResult>): SavedResult => ({
  ...{ suite: 'append', kind: 'figures', at: '2026-01-02T03:04:05.000Z', commit: 'abc1234' },
  ...{ machine: 'a machine', command: 'npm run bench -- append', figures: [], notes: [] },
  ...over,
})

describe('bars', () => {
  test('a ratio is judged by its own peer, and the edge is met', () => {
    const bar = barOf(append(1, 'raw', 0.7))!
    expect(describeBar(bar, append(1, 'raw', 0.7))).toBe('at least 0.7 x raw')
    expect(isMet(bar, append(1, 'raw', 0.7))).toBe(true)
    expect(isMet(bar, append(1, 'raw', 0.69))).toBe(false)
    expect(barOf(append(1, 'redis', 0.1))).toBeUndefined()
  })

  test('at most is the other way round', () => {
    const bar = bars.find(each => each.figure === 'seek.p99_micros')!
    expect(isMet(bar, figure('seek.p99_micros', 'us', [1000]))).toBe(true)
    expect(isMet(bar, figure('seek.p99_micros', 'us', [1001]))).toBe(false)
  })

  test('each bar is of a suite, and judges one figure however many peers it has', () => {
    for (const bar of bars) expect(Object.keys(suites)).toContain(bar.figure.split('.')[0])
    const p99 = figure('seek.p99_micros', 'us', [5])
    const both = [
      { ...p99, peer: 'sqlite', ratio: 2 },
      { ...p99, peer: 'raw', ratio: 3 },
    ]
    expect(judge(both)).toHaveLength(1)
  })
})

describe('pages', () => {
  const page = 'before\n<!-- bench: append -->\nold\n<!-- end -->\nafter\n'

  test('the newest result of a suite stands between its markers, and only there', () => {
    const older = result({ figures: [append(10, 'raw', 0.5)] })
    const newer = result({ figures: [append(1234, 'raw', 0.75)], notes: ['a note'] })
    const filled = fillPage(page, [older, newer], 'page')
    expect(filled).toContain('| 1,230 |')
    expect(filled).toContain('at least 0.7 x raw: met')
    expect(filled).toContain('- a note')
    expect(filled).not.toContain('old')
    expect(filled.startsWith('before\n') && filled.endsWith('after\n')).toBe(true)
    expect(fillPage(filled, [older, newer], 'page')).toBe(filled)
    expect(newestOf([older, newer])).toEqual([newer])
  })

  test('of other machines there is what has a bar, by the name of the machine', () => {
    const here = result({ figures: [append(1, 'raw', 0.9)] })
    const there = result({ machine: 'another, load 1.5', figures: [append(2, 'raw', 0.5)] })
    const elsewhere = '<!-- bench: elsewhere -->\n<!-- end -->'
    const filled = fillPage(elsewhere, [here], 'page', [[there]])
    expect(filled).toContain('another; 2026-01-02:')
    expect(filled).toContain('| 0.5 | at least 0.7 x raw: **missed** |')
    expect(filled).not.toContain('0.9')
  })

  test('a suite that was not measured says so, and a page without markers is refused', () => {
    expect(fillPage(page, [], 'page')).toContain('Not measured yet')
    expect(() => fillPage('nothing', [], 'docs/x.md')).toThrow('docs/x.md: expected <!-- bench')
  })

  test('a chart has a bar for us and for each peer, of the length of its value', () => {
    const figures = [append(1000, 'raw', 0.5), append(1000, 'sqlite', 4)]
    const chart = chartsOf([result({ figures })]).get('append.svg')!
    const widths = [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    )
    expect(widths).toHaveLength(3)
    expect(widths[1]! / widths[0]!).toBeCloseTo(2, 1)
    expect(widths[2]! / widths[0]!).toBeCloseTo(0.25, 1)
    expect(chart).toContain('>sqlite<')
  })

  test('names in a chart are text, whatever is in them', () => {
    const name = '<b>&'
    const chart = barChart('a', [{ title: name, unit: 'x', bars: [{ name, value: 1, own: true }] }])
    expect(chart).toContain('&lt;b&gt;&amp;')
    expect(chart).not.toContain('<b>')
  })

  test('a cost in proportion is a diagonal, and a size of nothing has a place', () => {
    const at = [0, 10, 100, 1000]
    const points = at.map(size => ({ at: size, value: Math.max(1, size) }))
    const chart = lineChart('a', { over: 'events', unit: 'ms' }, [{ name: 'b', points }])
    const places = /points="([^"]+)"/
      .exec(chart)![1]!
      .split(' ')
      .map(pair => pair.split(',').map(Number))
    expect(places.flat().every(Number.isFinite)).toBe(true)
    const [, second, third, fourth] = places
    const slope = (a: number[], b: number[]): number => (b[1]! - a[1]!) / (b[0]! - a[0]!)
    expect(slope(second!, third!)).toBeCloseTo(slope(third!, fourth!), 1)
  })

  test('what is counted in one unit shares a chart, and has one scale', () => {
    const sizes = new Map([[10, [1]]])
    const growth = [
      growthOf('fanout.messages_per_second', 'messages/s', 'viewers', sizes),
      growthOf('fanout.p50_millis', 'ms', 'viewers', sizes),
      growthOf('fanout.p99_millis', 'ms', 'viewers', sizes),
    ]
    const charts = chartsOf([result({ suite: 'fanout', kind: 'sweep', growth })])
    const ages = 'fanout-by-viewers-in-ms.svg'
    expect([...charts.keys()]).toEqual(['fanout-by-viewers-in-messages-a-second.svg', ages])
    expect(charts.get(ages)!.match(/<polyline/g)).toHaveLength(2)
  })

  test('a sweep becomes a row with a column for each size', () => {
    const growth = [growthOf('seek.p99_micros', 'us', 'events', new Map([[10, [1, 2, 3]]]))]
    const saved = result({ suite: 'seek', kind: 'sweep', growth })
    const filled = fillPage('<!-- bench: seek sweep -->\n<!-- end -->', [saved], 'page')
    expect(filled).toContain('| events | 10 |')
    expect(filled).toContain('| `seek.p99_micros`, us | 2 |')
    expect(filled).toContain('![seek by events](performance/seek-by-events.svg)')
    expect([...chartsOf([saved]).keys()]).toEqual(['seek-by-events.svg'])
  })
})

describe('what is published', () => {
  const machines = savedMachines().map(readResults)

  test.each(['docs/performance.md', 'README.md'])(
    '%s shows the newest results of a machine',
    path => {
      const page = read(path)
      const others = (results: SavedResult[]) => machines.filter(each => each !== results)
      const pages = machines.map(results => fillPage(page, results, path, others(results)))
      expect(pages).toContain(page)
    },
  )

  test('every suite and its sweep have a place in docs/performance.md', () => {
    const page = read('docs/performance.md')
    for (const suite of Object.keys(suites)) {
      expect(page).toContain(`<!-- bench: ${suite} -->`)
      expect(page).toContain(`<!-- bench: ${suite} sweep -->`)
    }
  })

  test('every chart that a page shows is there', () => {
    for (const path of ['docs/performance.md', 'README.md']) {
      const base = new URL(path, root)
      for (const [, target] of read(path).matchAll(/\]\(([^)]*\.svg)\)/g)) {
        expect(existsSync(new URL(target!, base)), target).toBe(true)
      }
    }
  })
})
