// The first view: the stage and what belongs to its moment, the charts, the lists.
import { BarsPanel } from '../components/bars-panel.tsx'
import { EpisodeCharts } from '../components/episode-charts.tsx'
import { EpisodeList } from '../components/episode-list.tsx'
import { EpisodeTrace } from '../components/episode-trace.tsx'
import { MetricCards } from '../components/metric-cards.tsx'
import { Milestones } from '../components/milestones.tsx'
import { StagePanel } from '../components/stage-panel.tsx'

export function LiveView() {
  return (
    <main className="columns">
      <div className="column column-stage">
        <StagePanel />
        <BarsPanel />
      </div>
      <div className="column column-charts">
        <EpisodeTrace />
        <EpisodeCharts />
        <MetricCards />
      </div>
      <div className="column column-lists">
        <EpisodeList />
        <Milestones />
      </div>
    </main>
  )
}
