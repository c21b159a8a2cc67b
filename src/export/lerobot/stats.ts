// `meta/stats.json`: the statistics of all episodes together. They are added up from commit to commit,
// and read from here when a dataset is taken up: its episodes' own would be a hundred times as much.
import { flattenStatistic, nestStatistic } from './episode-table.ts'
import { type Features, featureWidth, hasStatistics } from './features.ts'
import { STATS_PATH } from './layout.ts'
import { badMeta, isObject, parseObject } from './meta-json.ts'
import type { DatasetState } from './state.ts'
import { type FeatureStatistics, valueNames } from './statistics.ts'

export function statsText({ features, totals }: DatasetState): string {
  const entries = Object.entries(totals).map(([name, total]) => {
    const values = valueNames.map(each => [each, nestStatistic(features[name]!, total[each])])
    return [name, { ...Object.fromEntries(values), count: [total.count] }]
  })
  return `${JSON.stringify(Object.fromEntries(entries), null, 4)}\n`
}

/** By feature. BAD_INPUT when some of a feature's are missing, or are no finite numbers. */
export function parseStats(text: string, features: Features): Record<string, FeatureStatistics> {
  const stats = parseObject(STATS_PATH, text)
  const totals: Record<string, FeatureStatistics> = {}
  for (const [name, feature] of Object.entries(features)) {
    if (!hasStatistics(feature)) continue
    const found = isObject(stats[name]) ? stats[name] : {}
    const list = (each: string, length: number): number[] => {
      const numbers = flattenStatistic(found[each], length)
      if (numbers) return numbers
      const text = JSON.stringify(found[each])
      throw badMeta(STATS_PATH, `${name}, ${each}`, `${length} finite numbers`, text)
    }
    const values = valueNames.map(each => [each, list(each, featureWidth(feature))])
    const [count] = list('count', 1)
    totals[name] = { ...Object.fromEntries(values), count } as FeatureStatistics
  }
  return totals
}
