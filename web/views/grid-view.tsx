// All agents at once (L14), over one connection while they are looked at; one that is chosen is shown
// in full.
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { AgentView } from '../agent-group.ts'
import { useAgentGroup } from '../browser-session.ts'
import { StageCanvas } from '../components/stage-canvas.tsx'
import { formatReturn } from '../format.ts'
import { gridColumns } from '../grid-columns.ts'
import { useSession, useViewer } from '../use-session.ts'

/** A page of the grid: more pictures than that are no longer seen at once. */
const TILES_MAX = 16

export function GridView() {
  const session = useSession()
  const agents = useViewer(state => state.agents)
  const [page, setPage] = useState(0)
  const pages = Math.max(1, Math.ceil(agents.length / TILES_MAX))
  const from = Math.min(page, pages - 1) * TILES_MAX
  const group = useAgentGroup()
  const shown = useMemo(() => agents.slice(from, from + TILES_MAX), [agents, from])
  useEffect(() => group.follow(shown), [group, shown])
  const view = useRef<HTMLElement>(null)
  const columns = useColumns(view, shown.length)
  const watch = (agent: string): void => {
    session.follow(agent)
    session.backToLive()
  }
  return (
    <main className="grid-view" ref={view}>
      <h2 className="visually-hidden">All agents</h2>
      {agents.length === 0 && <p className="empty">No agent has recorded anything yet.</p>}
      <ul
        className="agent-grid"
        style={{ gridTemplateColumns: columns && `repeat(${columns}, minmax(0, 1fr))` }}
      >
        {shown.map(agent => (
          <AgentTile key={agent} agent={agent} view={group.of(agent)} onWatch={watch} />
        ))}
      </ul>
      {pages > 1 && (
        <nav className="pager" aria-label="Pages of agents">
          {Array.from({ length: pages }, (_, index) => (
            <button
              type="button"
              // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
              key={index}
              aria-current={index === from / TILES_MAX ? 'page' : undefined}
              onClick={() => setPage(index)}
            >
              {index * TILES_MAX + 1}–{Math.min(agents.length, (index + 1) * TILES_MAX)}
            </button>
          ))}
        </nav>
      )}
    </main>
  )
}

/** Undefined until the view has been measured. */
function useColumns(view: RefObject<HTMLElement | null>, count: number): number | undefined {
  const [columns, setColumns] = useState<number>()
  useEffect(() => {
    const element = view.current
    if (element === null) return
    const fit = (): void => {
      const { paddingLeft, paddingTop } = getComputedStyle(element)
      const [side, top] = [Number.parseFloat(paddingLeft), Number.parseFloat(paddingTop)]
      const { clientWidth, clientHeight } = element
      // What is around the tiles is between them too.
      setColumns(gridColumns(count, clientWidth - 2 * side, clientHeight - 2 * top, side))
    }
    const observer = new ResizeObserver(fit)
    observer.observe(element)
    return () => observer.disconnect()
  }, [view, count])
  return columns
}

interface AgentTileProps {
  readonly agent: string
  readonly view: AgentView
  readonly onWatch: (agent: string) => void
}

function AgentTile({ agent, view, onWatch }: AgentTileProps) {
  return (
    <li className="tile">
      <div className="tile-stage">
        <StageCanvas of={view} />
        <TileNote view={view} />
      </div>
      <TileFigures agent={agent} view={view} />
      {/* Lies over all of it: its name is not to change with every step. */}
      <button type="button" onClick={() => onWatch(agent)} aria-label={`Watch ${agent}`} />
    </li>
  )
}

function TileNote({ view }: { view: AgentView }) {
  const isOpen = useStore(view.store, state => state.isOpen)
  const hasLook = useStore(view.store, state => state.look !== null)
  if (hasLook) return null
  return <span className="tile-note">{isOpen ? 'Waiting for a step' : 'Connecting'}</span>
}

function TileFigures({ agent, view }: { agent: string; view: AgentView }) {
  const episode = useStore(view.store, state => state.look?.episode ?? null)
  const state = useStore(view.store, ({ look }) => look?.state ?? null)
  const end = useStore(view.store, ({ ended, look }) =>
    ended !== null && ended.episode === look?.episode ? ended.reason : null,
  )
  return (
    <span className="tile-figures">
      <strong>{agent}</strong>
      {episode !== null && <span>#{episode}</span>}
      {state !== null && (
        <>
          <span>step {state.step}</span>
          <span className="tile-return">{formatReturn(state.cumulative_reward)}</span>
        </>
      )}
      {end !== null && <span className="tag tag-end">{end}</span>}
    </span>
  )
}
