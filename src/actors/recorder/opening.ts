// The first events of a run: how the one before ended, and that this one goes on. Pure.
import type { Event } from '../../protocol/events.ts'
import { limits } from '../../protocol/limits.ts'
import type { OpenReport } from '../../store/event-log.ts'
import type { RecorderConfig } from './contract.ts'
import { interruptedEpisode } from './gap.ts'

/** All that a trainer may have handed over before anything of it is durable. */
export const inFlightBytesMax = (ringBytes: number): number =>
  ringBytes + limits.spillBytesMax + limits.spillReserveBytes

/** `now`: Unix milliseconds. */
export function openingEvents(
  report: OpenReport,
  { run, software }: Pick<RecorderConfig, 'run' | 'software'>,
  { pid, now }: { readonly pid: number; readonly now: number },
): Event[] {
  const events: Event[] = []
  if (!report.created && !report.cleanClose) {
    events.push({
      type: 'recovered',
      previousEpoch: report.previousEpoch,
      lastSeq: report.lastSeq,
      cutBytes: report.cutBytes,
      inFlightBytesMax: report.inFlightBytesMax ?? inFlightBytesMax(limits.ringBytes),
      inFlightMillisMax: Math.max(0, Math.ceil(now - (report.lastTime ?? now))),
    })
  }
  for (const { agent, episode } of report.openEpisodes) {
    events.push(interruptedEpisode(agent, episode))
  }
  const config = run.config as Record<string, unknown> | undefined
  events.push({
    ...{ type: 'run_started', run: run.id, name: run.name, pid, software },
    ...(config === undefined ? {} : { config }),
    ...(run.keep === undefined ? {} : { keep: run.keep }),
  })
  return events
}
