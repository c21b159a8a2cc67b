// The machinery: what recording costs the trainer, and every actor as a live state chart with its
// channels and how far it is behind.
import { memo, useMemo } from 'react'
import type uPlot from 'uplot'
import type { ViewerActor } from '../../src/protocol/server-messages.ts'
import { ChannelTable } from '../components/channel-table.tsx'
import { Chart, type ChartSeries } from '../components/chart.tsx'
import { Panel } from '../components/panel.tsx'
import { StateChart } from '../components/state-chart.tsx'
import { formatCount, formatMillis } from '../format.ts'
import type { SystemReport } from '../state/viewer-state.ts'
import { type Machines, useMachines } from '../use-machines.ts'
import { useViewer } from '../use-session.ts'

export function SystemView() {
  const actors = useViewer(state => state.system?.actors ?? null)
  const machines = useMachines()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <main className="system-view" tabIndex={0}>
      <h2 className="visually-hidden">System</h2>
      <div className="system-facts">
        <CostPanel />
        <RunPanel />
      </div>
      {machines.problem !== null && (
        <p className="empty" role="alert">
          The state charts cannot be drawn: {machines.problem}
        </p>
      )}
      {actors === null && <p className="empty">The server has reported nothing yet.</p>}
      {actors?.length === 0 && <p className="empty">No actors are running.</p>}
      <div className="actors">
        {actors?.map(actor => (
          <ActorPanel key={actor.name} actor={actor} machines={machines} />
        ))}
      </div>
    </main>
  )
}

const costSeries: readonly ChartSeries[] = [
  { label: 'per cent of its time', colour: '--accent', draw: 'area' },
]
const MILLIS_A_SECOND = 1000

function CostPanel() {
  const costs = useViewer(state => state.costs)
  const data = useMemo<uPlot.AlignedData>(() => {
    const newest = costs.at(-1)?.[0] ?? 0
    return [
      costs.map(([time]) => (time - newest) / MILLIS_A_SECOND),
      costs.map(([, percent]) => percent),
    ]
  }, [costs])
  const now = costs.at(-1)?.[1]
  return (
    <Panel
      title="Trainer's cost"
      className="chart-panel"
      aside={now === undefined ? undefined : `${now.toFixed(2)} % of its time`}
    >
      {costs.length === 0 && <p className="empty">No trainer is attached: nothing is measured.</p>}
      <Chart
        label="Share of the trainer's time spent in recording, over the last seconds"
        data={data}
        series={costSeries}
        unit="seconds"
      />
    </Panel>
  )
}

function RunPanel() {
  const system = useViewer(state => state.system)
  const totals = useViewer(state => state.totals)
  const run = useViewer(state => state.run)
  const facts: readonly (readonly [string, string])[] = [
    ['run', run ?? 'none'],
    ['health', system === null ? '–' : system.healthy ? 'healthy' : (system.problem ?? 'bad')],
    ['trainer', system?.trainer_attached ? 'attached' : 'not attached'],
    ['epoch', system === null ? '–' : String(system.newest.epoch)],
    ['newest event', system === null ? '–' : formatCount(system.newest.seq)],
    ['safe on disk', system === null ? '–' : formatCount(system.durable.seq)],
    ['commits of the last minute', commitsText(system?.commits ?? null)],
    ['viewers', system === null ? '–' : String(system.viewers)],
    ['events lost', formatCount(totals?.lost_events ?? 0)],
    ['inputs refused', formatCount(totals?.refused_inputs ?? 0)],
    ['frames', formatCount(totals?.frames ?? 0)],
    [
      'live queue',
      system === null
        ? '–'
        : `${system.episodes_queued} held, ${formatCount(system.episodes_dropped)} dropped`,
    ],
  ]
  return (
    <Panel title="Run" className="run-panel">
      <dl className="run-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

/** How long the log's transactions take to be safe on disk. */
function commitsText(commits: SystemReport['commits']): string {
  if (commits === null) return 'nothing is recorded here'
  if (commits.count === 0) return 'none'
  const { count, p50_millis: p50, p99_millis: p99 } = commits
  return `${formatCount(count)}, p50 ${formatMillis(p50)}, p99 ${formatMillis(p99)}`
}

interface ActorPanelProps {
  readonly actor: ViewerActor
  readonly machines: Machines
}

function ActorPanel({ actor, machines }: ActorPanelProps) {
  const machine = machines.byName.get(actor.machine)
  return (
    <Panel
      title={actor.name}
      className="actor-panel"
      aside={
        <>
          <span className="tag">{actor.state}</span> {actor.placement}
          {actor.reason !== null && <span className="warn">: {actor.reason}</span>}
          {actor.lag !== null && `, ${formatCount(actor.lag)} events behind`}
          {`, ${actor.restarts} restarts`}
          {actor.quarantined > 0 && `, ${actor.quarantined} events passed over`}
        </>
      }
    >
      {machine !== undefined && <SteadyStateChart machine={machine} state={actor.state} />}
      <ChannelTable channels={actor.channels} />
    </Panel>
  )
}

/** Reports come four times a second; a state changes now and then. */
const SteadyStateChart = memo(StateChart)
