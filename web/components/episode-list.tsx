// The episodes as a table: all, or what the server finds of a filter, in any order. Only rows in sight are drawn; what
// the reader looks at stays in place while new rows come in above.
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatCount } from '../format.ts'
import { latestFirst, type Order, orderRows } from '../state/episode-order.ts'
import { EPISODE_ROWS_MAX } from '../state/episode-rows.ts'
import { useSession, useViewer } from '../use-session.ts'
import { useThrottled } from '../use-throttled.ts'
import { windowRows } from '../window-rows.ts'
import { EpisodeFilterBox } from './episode-filter-box.tsx'
import { EpisodeHead } from './episode-head.tsx'
import { EpisodeJump } from './episode-jump.tsx'
import { EpisodeRow } from './episode-row.tsx'
import { Panel } from './panel.tsx'

/** Also `--row` in panels.css. */
const ROW_HEIGHT = 30
/** Choosing and sorting thousands of rows is not for every episode of an easy task. */
const RENEW_MILLIS = 250
/** Older rows are fetched when the reader comes so near to the end. */
const NEAR_END_PIXELS = 600

/** The rows to show: what the server has found of the filter, or all that the page holds. */
function useShownRows(order: Order) {
  const rows = useThrottled(
    useViewer(({ found, rows }) => (found.where === null ? rows : found.rows)),
    RENEW_MILLIS,
  )
  return useMemo(() => orderRows(rows, order), [rows, order])
}

export function EpisodeList() {
  const session = useSession()
  const [order, setOrder] = useState(latestFirst)
  const rows = useShownRows(order)
  const isFiltered = useViewer(({ found }) => found.where !== null)
  const opened = useViewer(state => state.replay?.episode ?? null)
  const [active, setActive] = useState<number | null>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const box = useRef<HTMLDivElement>(null)
  const firstEpisode = useRef<number | undefined>(undefined)

  // New rows above must not move what is read, unless the reader is at the top and points at none.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const added = rows.findIndex(row => row.episode === firstEpisode.current)
    const isLatestFirst = order.column === '#' && order.descending
    const isRead = element.scrollTop > ROW_HEIGHT || active !== null
    if (isLatestFirst && added > 0 && isRead) {
      element.scrollTop += added * ROW_HEIGHT
    }
    firstEpisode.current = rows[0]?.episode
  }, [rows, order, active])

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() =>
      setView({ top: element.scrollTop, height: element.clientHeight }),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const activate = (index: number): void => {
    const clamped = Math.max(0, Math.min(rows.length - 1, index))
    setActive(rows[clamped]?.episode ?? null)
    const element = box.current
    if (element === null) return
    const top = clamped * ROW_HEIGHT
    const below = top + 2 * ROW_HEIGHT - element.clientHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (below > element.scrollTop) element.scrollTop = below
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    // The heads are buttons with keys of their own.
    if (event.target !== event.currentTarget) return
    const index = rows.findIndex(row => row.episode === active)
    const page = Math.max(1, Math.floor(view.height / ROW_HEIGHT) - 2)
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
    }
    const target = moves[event.key]
    if (target !== undefined) activate(target)
    else if (event.key === 'Enter' && active !== null) session.openEpisode(active)
    else return
    event.preventDefault()
  }

  const { loadOlder } = isFiltered ? session.search : session.pages
  const onScroll = ({ scrollTop, clientHeight, scrollHeight }: HTMLDivElement): void => {
    setView({ top: scrollTop, height: clientHeight })
    const isNearEnd = scrollTop + clientHeight > scrollHeight - NEAR_END_PIXELS
    if (isNearEnd && scrollTop > 0 && rows.length < EPISODE_ROWS_MAX) loadOlder()
  }

  const shown = windowRows(rows.length, ROW_HEIGHT, view.top, view.height)
  const isActiveDrawn = rows.slice(shown.from, shown.to).some(row => row.episode === active)
  return (
    <Panel
      title="Episodes"
      className="episodes"
      aside={
        <>
          {isFiltered && <FoundCount />} <EpisodeJump />
        </>
      }
    >
      <EpisodeFilterBox />
      <div ref={box} className="rows" onScroll={event => onScroll(event.currentTarget)}>
        <table
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows can be opened
          role="grid"
          tabIndex={0}
          aria-label="Episodes"
          aria-rowcount={rows.length + 1}
          aria-activedescendant={isActiveDrawn ? `episode-${active}` : undefined}
          onKeyDown={onKeyDown}
        >
          <EpisodeHead order={order} onOrder={setOrder} />
          <tbody>
            <tr style={{ height: shown.from * ROW_HEIGHT }} />
            {rows.slice(shown.from, shown.to).map((row, offset) => (
              <EpisodeRow
                key={row.episode}
                row={row}
                index={shown.from + offset + 2}
                active={row.episode === active}
                opened={row.episode === opened}
                onOpen={session.openEpisode}
              />
            ))}
            <tr style={{ height: (rows.length - shown.to) * ROW_HEIGHT }} />
          </tbody>
        </table>
        {rows.length === 0 && !isFiltered && <p className="empty">No episode has ended yet.</p>}
        {isFiltered ? <FoundEnd /> : <ListEnd />}
      </div>
    </Panel>
  )
}

function FoundCount() {
  const count = useViewer(({ found }) => found.rows.length)
  const isAll = useViewer(({ found }) => found.next === null && !found.isLooking)
  return (
    <output className="found-count">
      {formatCount(count)} found{isAll ? '' : ' so far'}
    </output>
  )
}

/** How far the server has looked for what the filter means. */
function FoundEnd() {
  const { search } = useSession()
  const { rows, next, isLooking } = useViewer(state => state.found)
  if (isLooking) {
    const where = next === null ? '' : ` below #${next}`
    return <p className="empty">Searching the run{where} …</p>
  }
  if (rows.length >= EPISODE_ROWS_MAX) return <Full />
  if (next !== null) {
    return (
      <button type="button" className="more" onClick={search.loadOlder}>
        Search older ones
      </button>
    )
  }
  return rows.length === 0 ? <p className="empty">The filter means no episode of the run.</p> : null
}

const Full = () => (
  <p className="empty">
    The newest {formatCount(EPISODE_ROWS_MAX)} are listed; open older ones by number.
  </p>
)

function ListEnd() {
  const session = useSession()
  const held = useViewer(state => state.rows.length)
  const more = useViewer(state => state.more)
  const loading = useViewer(state => state.olderRequest !== null)
  if (held >= EPISODE_ROWS_MAX) return <Full />
  if (!more) return null
  return (
    <button type="button" className="more" disabled={loading} onClick={session.pages.loadOlder}>
      {loading ? 'Loading …' : 'Load older'}
    </button>
  )
}
