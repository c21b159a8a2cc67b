// The heads of the table: each sorts by its column, and says which way it is sorted.
import { type Order, type OrderColumn, orderAfterClick, orderings } from '../state/episode-order.ts'

const columns = Object.keys(orderings) as OrderColumn[]

interface EpisodeHeadProps {
  readonly order: Order
  readonly onOrder: (order: Order) => void
}

export function EpisodeHead({ order, onOrder }: EpisodeHeadProps) {
  return (
    <thead>
      <tr className="row">
        {columns.map(column => {
          const isOrdered = order.column === column
          const direction = order.descending ? 'descending' : 'ascending'
          return (
            <th key={column} scope="col" aria-sort={isOrdered ? direction : 'none'}>
              <button type="button" onClick={() => onOrder(orderAfterClick(order, column))}>
                {column}
                {isOrdered && <span aria-hidden="true">{order.descending ? ' ↓' : ' ↑'}</span>}
              </button>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
