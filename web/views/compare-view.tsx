// Two episodes side by side on one clock.
import { type FormEvent, type Ref, useEffect, useImperativeHandle, useMemo } from 'react'
import { useStore } from 'zustand'
import { systemClock } from '../../src/base/clock.ts'
import { whenReady } from '../address.ts'
import { useOwnSession } from '../browser-session.ts'
import { Comparison } from '../comparison.ts'
import { CompareBar } from '../components/compare-bar.tsx'
import { CompareChart } from '../components/compare-chart.tsx'
import { Hud } from '../components/hud.tsx'
import { StageCanvas } from '../components/stage-canvas.tsx'
import { formatValue } from '../format.ts'
import type { Player } from '../playback.ts'
import type { Session } from '../session.ts'
import { missingNote } from '../state/missing.ts'
import { SessionContext, useSession, useViewer } from '../use-session.ts'

interface Compared {
  readonly left: number
  readonly right: number
}

interface CompareViewProps extends Compared {
  /** Where the keys find the clock of both. */
  readonly player: Ref<Player>
}

export function CompareView({ left, right, player }: CompareViewProps) {
  const page = useSession()
  const [first, second] = [useOwnSession(), useOwnSession()]
  const comparison = useMemo(
    () => new Comparison([first.stage, second.stage], systemClock),
    [first, second],
  )
  useImperativeHandle(player, () => comparison, [comparison])
  useTicking(comparison, first, second)
  useEffect(() => whenReady(first, () => first.openEpisode(left)), [first, left])
  useEffect(() => whenReady(second, () => second.openEpisode(right)), [second, right])
  return (
    <main className="compare-view">
      <h2 className="visually-hidden">
        Episodes {left} and {right}
      </h2>
      <ComparePicker
        key={`${left} ${right}`}
        left={left}
        right={right}
        onPick={(one, other) => page.go({ view: 'compare', left: one, right: other })}
      />
      <div className="compare-sides">
        <CompareSide session={first} name="left" />
        <CompareSide session={second} name="right" />
      </div>
      <CompareBar comparison={comparison} />
      <CompareChart comparison={comparison} sessions={[first, second]} />
    </main>
  )
}

/** The clock goes while it plays, and once for what changes: at rest no animation frame is asked for. */
function useTicking(comparison: Comparison, first: Session, second: Session): void {
  useEffect(() => {
    let request = 0
    const wake = (): void => {
      cancelAnimationFrame(request)
      request = requestAnimationFrame(tick)
    }
    const tick = (): void => {
      comparison.tick()
      if (comparison.store.getState().playhead.playing) wake()
    }
    const ends = [comparison, first, second].map(({ store }) => store.subscribe(wake))
    wake()
    return () => {
      for (const end of ends) end()
      cancelAnimationFrame(request)
    }
  }, [comparison, first, second])
}

/** Without its episode a side shows why, never what is live. */
function CompareSide({ session, name }: { session: Session; name: 'left' | 'right' }) {
  const isReady = useStore(session.store, ({ replay }) => replay?.phase === 'ready')
  return (
    <SessionContext value={session}>
      <section className={`panel compare-side ${name}`} aria-label={`The ${name} episode`}>
        <SideHead />
        <div className="stage">
          {isReady && <StageCanvas of={session} />}
          <SideNote />
          {isReady && <Hud />}
        </div>
      </section>
    </SessionContext>
  )
}

function SideHead() {
  const { stage } = useSession()
  const replay = useViewer(state => state.replay)
  if (replay?.phase !== 'ready') return <header className="panel-head" />
  const { row } = replay
  const missing = missingNote(replay, stage.replayStride)
  return (
    <header className="panel-head">
      <h2>
        Episode {row.episode} · {row.agent}
      </h2>
      <span className="panel-aside">
        {row.steps} steps, return {formatValue(row.total_reward)}, {row.reason}
        {missing !== '' && ` · ${missing}`}
      </span>
    </header>
  )
}

function SideNote() {
  const replay = useViewer(state => state.replay)
  const hasPicture = useViewer(
    ({ look }) => look !== null && (look.frame !== null || look.trail.length > 0),
  )
  if (replay?.phase === 'failed') {
    return (
      <p className="stage-note" role="alert">
        Episode {replay.episode} cannot be replayed: {replay.message}.
      </p>
    )
  }
  if (replay?.phase !== 'ready') return <p className="stage-note">Fetching the episode …</p>
  return hasPicture ? null : <p className="stage-note">No frames and no position here.</p>
}

interface ComparePickerProps extends Compared {
  readonly onPick: (left: number, right: number) => void
}

function ComparePicker({ left, right, onPick }: ComparePickerProps) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const [one, other] = [Number(fields.get('left')), Number(fields.get('right'))]
    if (Number.isSafeInteger(one) && Number.isSafeInteger(other)) onPick(one, other)
  }
  return (
    <form className="compare-picker" onSubmit={submit}>
      <label>
        Episode <input name="left" type="number" min={0} required defaultValue={left} />
      </label>
      <label>
        beside <input name="right" type="number" min={0} required defaultValue={right} />
      </label>
      <button type="submit">Compare</button>
      <button type="button" onClick={() => onPick(right, left)}>
        Swap
      </button>
    </form>
  )
}
