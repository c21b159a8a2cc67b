// The figures of what is on the stage.
import type { ReactNode } from 'react'
import { formatReturn, formatSigned, formatValue } from '../format.ts'
import type { StepState } from '../stage.ts'
import type { ViewerState } from '../state/viewer-state.ts'
import { useViewer } from '../use-session.ts'

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const formatAction = (action: StepState['action']): string => {
  if (action === null) return '–'
  return typeof action === 'number' ? formatValue(action) : action.map(formatValue).join(', ')
}

/** How the episode on the stage ended, and the stage and length that belong to it. */
function storyOf({ look, started, ended, replay }: ViewerState): {
  length: number | null
  stage: number | null
  end: string | null
} {
  if (replay?.phase === 'ready') {
    const { steps, curriculum_stage, reason } = replay.row
    return { length: steps, stage: curriculum_stage, end: look?.state?.done ? reason : null }
  }
  const isStarted = started !== null && started.episode === look?.episode
  const isEnded = ended !== null && ended.episode === look?.episode
  return {
    length: isEnded ? ended.steps : isStarted ? started.survival_steps : null,
    stage: isStarted ? started.curriculum_stage : null,
    end: isEnded ? ended.reason : null,
  }
}

export function Hud() {
  const look = useViewer(state => state.look)
  const length = useViewer(state => storyOf(state).length)
  const stage = useViewer(state => storyOf(state).stage)
  const end = useViewer(state => storyOf(state).end)
  const skipped = useViewer(state => (state.replay === null ? (state.ended?.skipped ?? 0) : 0))
  if (look === null) return null
  const { state } = look
  return (
    <>
      <div className="hud-tags">
        {stage !== null && <span className="tag">stage {stage}</span>}
        {end !== null && <span className="tag tag-end">{end}</span>}
        {skipped > 0 && (
          <span className="tag" title="Skipped to stay near the newest episode">
            {skipped} skipped
          </span>
        )}
      </div>
      <dl className="hud">
        <Figure label="Episode">{look.episode}</Figure>
        {state !== null && (
          <>
            <Figure label="Step">
              {state.step}
              {length !== null && <small> / {Math.max(length - 1, state.step)}</small>}
            </Figure>
            <Figure label="Return">{formatReturn(state.cumulative_reward)}</Figure>
            <Figure label="Reward">
              <span className={state.reward < 0 ? 'bad' : state.reward > 0 ? 'good' : ''}>
                {formatSigned(state.reward)}
              </span>
            </Figure>
            <Figure label="Action">{formatAction(state.action)}</Figure>
          </>
        )}
      </dl>
    </>
  )
}
