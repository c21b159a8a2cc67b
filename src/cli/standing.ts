// Where the machines of a run stand: as the process that runs it says, or, when none does, as its
// log last told.
import { RollcastError } from '../base/errors.ts'
import { type MachineName, machines } from '../machines/registry.ts'
import type { SystemNotice } from '../protocol/thread-messages.ts'
import { askHolder } from '../store/lock.ts'
import { selectEvents } from './select-events.ts'
import { withLog } from './with-log.ts'

const ANSWER_MILLIS_MAX = 2_000

/** One actor and where its machine stands. */
export interface ActorStanding {
  readonly actor: string
  readonly machine: string
  readonly state: string
  /** Why it is in a state of warning; null while all is well, and where it is not known. */
  readonly reason: string | null
  readonly restarts: number
  /** Events that it passes over, because it died of each of them again and again. */
  readonly quarantined: number
  /** Unix milliseconds; when it was so (live), or since when (recorded). */
  readonly time: number
}

export interface Standing {
  readonly source: 'live' | 'recorded' | 'none'
  /** The process that records the run now, if one does, and its page. */
  readonly pid: number | null
  readonly url: string | null
  readonly actors: readonly ActorStanding[]
  /** All that the live process says of itself. */
  readonly system: SystemNotice | null
}

/** Where nothing is known. */
export const noStanding: Standing = {
  source: 'none',
  pid: null,
  url: null,
  actors: [],
  system: null,
}

/** Asks the process that records the run in `dir`, else reads the log. */
export async function findStanding(dir: string): Promise<Standing> {
  const holder = await askHolder(dir)
  const pid = holder?.pid ?? null
  const url = typeof holder?.['url'] === 'string' ? holder['url'] : null
  if (url !== null) {
    const system = await askSystem(url)
    const actors = system.actors.map(({ name, quarantined, ...actor }) => {
      const { machine, state, reason, restarts } = actor
      const { length } = quarantined
      const { time } = system
      return { actor: name, machine, state, reason, restarts, quarantined: length, time }
    })
    return { source: 'live', pid, url, actors, system }
  }
  const actors = await recordedActors(dir, holder !== undefined)
  return { source: 'recorded', pid, url, actors, system: null }
}

async function askSystem(url: string): Promise<SystemNotice> {
  const address = new URL('api/system', url)
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MILLIS_MAX) })
    if (response.ok) return (await response.json()) as SystemNotice
    throw new Error(`status ${response.status}`)
  } catch (cause) {
    const message = `${address}: expected the state of the system, found ${String(cause)}`
    throw new RollcastError('UNAVAILABLE', message, { cause, temporary: true })
  }
}

/** States that an actor does not leave. */
const ends: ReadonlySet<string> = new Set(['stopped', 'gone', 'refused'])

/** The last change of each actor. Where nobody records any more, all have come to an end. */
function recordedActors(dir: string, isRecorded: boolean): Promise<ActorStanding[]> {
  const newest = new Map<string, ActorStanding>()
  const quarantined = new Map<string, number>()
  const types = new Set(['actor_changed', 'event_quarantined'] as const)
  return withLog(dir, reader => {
    const layouts = reader.layouts()
    for (const batch of reader.batches({ fromSeq: 1 })) {
      for (const { time, event } of selectEvents(batch, layouts, types)) {
        if (event.type === 'event_quarantined') {
          quarantined.set(event.actor, (quarantined.get(event.actor) ?? 0) + 1)
        }
        // That a thread is gone that had stopped before is no news.
        if (event.type !== 'actor_changed' || event.from === 'stopped') continue
        const { actor, machine, to, restarts } = event
        newest.set(actor, {
          actor,
          machine,
          state: to,
          reason: null,
          restarts,
          quarantined: 0,
          time,
        })
      }
    }
    const end = reader.isClosed() ? 'stopped' : 'gone'
    return [...newest.values()].map(standing => ({
      ...standing,
      state: isRecorded || ends.has(standing.state) ? standing.state : end,
      quarantined: quarantined.get(standing.actor) ?? 0,
    }))
  })
}

/** The machine of that name. Throws USAGE for a name that none has. */
export function findMachine(name: string): (typeof machines)[MachineName] {
  if (Object.hasOwn(machines, name)) return machines[name as MachineName]
  const known = Object.keys(machines).join(', ')
  throw new RollcastError('USAGE', `there is no machine ${name}; there are ${known}`)
}
