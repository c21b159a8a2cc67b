// What went wrong, said in place, until it is over or put away.
import { type ReactNode, useRef } from 'react'
import { type RunRow, runPath } from '../../src/protocol/run-list.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { base } from '../browser-socket.ts'
import { isNewer } from '../state/newer-run.ts'
import { useRuns } from '../use-runs.ts'
import { useSession, useViewer } from '../use-session.ts'

const reasons: Readonly<Record<number, string>> = {
  [closeCodes.badMessage]: 'the server did not understand this page',
  [closeCodes.badProtocol]: 'page and server speak different versions; reload the page',
  [closeCodes.notAllowed]:
    'it asks for a token. Open the link that it printed at its start, or ask its owner for another: a link works once',
}

const NEWER_RUN_MILLIS = 5_000

/** Whoever has opened an older run has chosen it: only what begins from now on is news. */
function NewerRun() {
  const { list } = useRuns(0, 1, NEWER_RUN_MILLIS)
  const first = useRef<RunRow>(undefined)
  const top = list?.runs[0]
  first.current ??= top
  if (top === undefined || first.current === undefined || !isNewer(top, first.current)) return null
  const path = runPath(top.name)
  if (path === base) return null
  return (
    <Notice action="Watch it" onAction={() => location.assign(path)}>
      A newer run has begun: {top.name}.
    </Notice>
  )
}

function Notice({ action, onAction, children }: NoticeProps) {
  return (
    <div className="notice" role="alert">
      <p>{children}</p>
      <button type="button" onClick={onAction}>
        {action}
      </button>
    </div>
  )
}

interface NoticeProps {
  readonly action: string
  readonly onAction: () => void
  readonly children: ReactNode
}

export function Notices() {
  const session = useSession()
  const connection = useViewer(state => state.connection)
  const problem = useViewer(state => state.problem)
  const unhealthy = useViewer(state => state.system?.problem ?? null)
  const invalid = useViewer(state => state.invalid)
  return (
    <div className="notices">
      {base !== '/' && <NewerRun />}
      {(connection.phase === 'reconnecting' || connection.phase === 'connecting') &&
        connection.attempt > 0 && (
          <Notice action="Try now" onAction={session.start}>
            The connection to the server was lost. What you see may be old; trying again (attempt{' '}
            {connection.attempt}).
          </Notice>
        )}
      {connection.phase === 'refused' && (
        <Notice action="Try again" onAction={session.start}>
          The server closed the connection:{' '}
          {reasons[connection.code] ?? `it gave the code ${connection.code}`}.
        </Notice>
      )}
      {unhealthy !== null && (
        <div className="notice" role="alert">
          <p>{unhealthy}</p>
        </div>
      )}
      {problem !== null && (
        <Notice action="Dismiss" onAction={session.dismissProblem}>
          {problem}
        </Notice>
      )}
      {invalid.count > 0 && (
        <Notice action="Dismiss" onAction={session.dismissInvalid}>
          {invalid.count === 1 ? '1 message' : `${invalid.count} messages`} of the server did not
          fit the protocol and {invalid.count === 1 ? 'was' : 'were'} left out ({invalid.last}).
        </Notice>
      )}
    </div>
  )
}
