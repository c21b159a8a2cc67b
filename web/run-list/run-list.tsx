// The runs of a server: those being recorded first, then the newest. What is not known of one is
// said, and a run that begins later shows up by itself.
import { useState } from 'react'
import { formatBytes } from '../../src/base/bytes.ts'
import { RUNS_PAGE, type RunRow, runPath } from '../../src/protocol/run-list.ts'
import { ThemeButton } from '../components/theme-button.tsx'
import { formatCount, formatMoment, formatValue } from '../format.ts'
import { type Runs, useRuns } from '../use-runs.ts'

const problems: Readonly<Record<NonNullable<Runs['problem']>, string>> = {
  away: 'The server does not answer; trying again. What you see may be old.',
  token:
    'The server asks for a token. Open the link that it printed at its start, or ask its owner for another: a link works once.',
}

export function RunListPage() {
  const [offset, setOffset] = useState(0)
  const { list, problem } = useRuns(offset, RUNS_PAGE)
  return (
    <div className="page">
      <header className="top">
        <img className="mark" src="/icon.svg" alt="Rollcast" width="28" height="28" />
        <h1>Runs</h1>
        {list !== null && <code className="runs-directory">{list.directory}/</code>}
        <div className="top-actions runs-actions">
          <ThemeButton />
        </div>
      </header>
      {problem !== null && (
        <div className="notice" role="alert">
          <p>{problems[problem]}</p>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <main className="runs-view" tabIndex={0}>
        {list?.total === 0 && (
          <p className="empty">
            There is no run in {list.directory} yet. One that begins shows up here by itself.
          </p>
        )}
        {list !== null && list.total > 0 && <RunTable runs={list.runs} />}
        {list !== null && <Pager offset={offset} total={list.total} onTurn={setOffset} />}
      </main>
    </div>
  )
}

function RunTable({ runs }: { runs: readonly RunRow[] }) {
  return (
    <table className="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col">Started</th>
          <th scope="col">Episodes</th>
          <th scope="col">Steps</th>
          <th scope="col" title="The highest return of a finished episode">
            Best return
          </th>
          <th scope="col" title="Bytes of the log, with the frames that it still holds">
            Log
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map(run => (
          <Run key={run.name} run={run} />
        ))}
      </tbody>
    </table>
  )
}

const states: Readonly<Record<RunRow['state'], string>> = {
  recording: 'A process records it now',
  finished: 'Its trainer has closed it',
  interrupted: 'Its trainer ended without closing it; what was recorded is there',
  unreadable: 'Its log cannot be read',
}

const known = (value: number | null, format: (value: number) => string): string =>
  value === null ? '–' : format(value)

function Run({ run }: { run: RunRow }) {
  const { name, title, state, problem } = run
  return (
    <tr>
      <th scope="row">
        {state === 'unreadable' ? name : <a href={runPath(name)}>{name}</a>}
        {title !== null && title !== name && <small>{title}</small>}
        {problem !== null && <small className="run-problem">{problem}</small>}
      </th>
      <td>
        <span className={`run-state run-${state}`} title={states[state]}>
          {state}
        </span>
      </td>
      <td>{known(run.started_at, formatMoment)}</td>
      <td>{known(run.episodes, formatCount)}</td>
      <td>{known(run.steps, formatCount)}</td>
      <td>{known(run.best_return, formatValue)}</td>
      <td>{formatBytes(run.log_bytes)}</td>
    </tr>
  )
}

interface PagerProps {
  readonly offset: number
  readonly total: number
  readonly onTurn: (offset: number) => void
}

function Pager({ offset, total, onTurn }: PagerProps) {
  if (offset === 0 && total <= RUNS_PAGE) return null
  const last = Math.min(total, offset + RUNS_PAGE)
  return (
    <nav className="pager" aria-label="Pages of runs">
      <button type="button" disabled={offset === 0} onClick={() => onTurn(offset - RUNS_PAGE)}>
        Newer
      </button>
      <button type="button" disabled={last >= total} onClick={() => onTurn(offset + RUNS_PAGE)}>
        Older
      </button>
      <span>
        {Math.min(total, offset + 1)}–{last} of {total}
      </span>
    </nav>
  )
}
