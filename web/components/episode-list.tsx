// The episodes, latest first. Only rows in sight are drawn; what the reader looks at stays in place
// while new rows come in above.
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react'
import { EPISODE_ROWS_MAX } from '../state/episode-rows.ts'
import { useSession, useViewer } from '../use-session.ts'
import { windowRows } from '../window-rows.ts'
import { EpisodeJump } from './episode-jump.tsx'
import { EpisodeRow } from './episode-row.tsx'
import { Panel } from './panel.tsx'

/** Also `--row` in panels.css. */
const ROW_HEIGHT = 30
const columns = ['#', 'agent', 'steps', 'return', 'stage', 'ended', 'time'] as const

export function EpisodeList() {
  const session = useSession()
  const rows = useViewer(state => state.rows)
  const opened = useViewer(state => state.replay?.episode ?? null)
  const [active, setActive] = useState<number | null>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const box = useRef<HTMLDivElement>(null)
  const firstEpisode = useRef<number | undefined>(undefined)

  // New rows above must not move what is read, unless the reader is at the top.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const added = rows.findIndex(row => row.episode === firstEpisode.current)
    if (added > 0 && element.scrollTop > ROW_HEIGHT) element.scrollTop += added * ROW_HEIGHT
    firstEpisode.current = rows[0]?.episode
  }, [rows])

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

  const shown = windowRows(rows.length, ROW_HEIGHT, view.top, view.height)
  return (
    <Panel title="Episodes" className="episodes" aside={<EpisodeJump />}>
      <div
        ref={box}
        className="rows"
        onScroll={({ currentTarget: { scrollTop, clientHeight } }) =>
          setView({ top: scrollTop, height: clientHeight })
        }
      >
        <table
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows can be opened
          role="grid"
          tabIndex={0}
          aria-label="Episodes, latest first"
          aria-rowcount={rows.length + 1}
          aria-activedescendant={active === null ? undefined : `episode-${active}`}
          onKeyDown={onKeyDown}
        >
          <thead>
            <tr className="row">
              {columns.map(column => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
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
        {rows.length === 0 && <p className="empty">No episode has ended yet.</p>}
        <ListEnd />
      </div>
    </Panel>
  )
}

function ListEnd() {
  const session = useSession()
  const more = useViewer(state => state.more)
  const loading = useViewer(state => state.olderRequest !== null)
  const count = useViewer(state => state.rows.length)
  if (count >= EPISODE_ROWS_MAX) {
    return <p className="empty">The newest {EPISODE_ROWS_MAX} are listed; open older by number.</p>
  }
  if (!more) return null
  return (
    <button type="button" className="more" disabled={loading} onClick={session.loadOlder}>
      {loading ? 'Loading …' : 'Load older'}
    </button>
  )
}
