// The order of the table. Latest first is how rows are held; any other order is a copy.
import type { ViewerEpisodeRow } from '../../src/protocol/server-messages.ts'

/** The columns by the names in their heads. */
export const orderings = {
  '#': row => row.episode,
  agent: row => row.agent,
  steps: row => row.steps,
  return: row => row.total_reward,
  stage: row => row.curriculum_stage,
  ended: row => row.reason,
  time: row => row.end_time,
} as const satisfies Record<string, (row: ViewerEpisodeRow) => number | string | null>

export type OrderColumn = keyof typeof orderings

export interface Order {
  readonly column: OrderColumn
  readonly descending: boolean
}

export const latestFirst: Order = { column: '#', descending: true }

/** What a click on a column's head makes of the order: by that column, then the other way round. */
export const orderAfterClick = (order: Order, column: OrderColumn): Order => ({
  column,
  descending: order.column === column ? !order.descending : true,
})

/**
 * `rows` (latest first) in `order`; of equals the latest first. What is missing or no number comes
 * last, whichever way round.
 */
export function orderRows(
  rows: readonly ViewerEpisodeRow[],
  { column, descending }: Order,
): readonly ViewerEpisodeRow[] {
  if (column === '#') return descending ? rows : rows.toReversed()
  const keyOf: (row: ViewerEpisodeRow) => number | string | null = orderings[column]
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)]
    const [lacksX, lacksY] = [isMissing(x), isMissing(y)]
    if (lacksX || lacksY) return Number(lacksX) - Number(lacksY)
    return x === y ? 0 : x! < y! ? -sign : sign
  })
}

const isMissing = (key: number | string | null): boolean => key === null || Number.isNaN(key)
