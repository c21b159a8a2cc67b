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
  readonly restarts: number
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
    const actors = system.actors.map(({ name, machine, state, restarts }) => {
      return { actor: name, machine, state, restarts, time: system.time }
    })
    return { source: 'live', pid, url, actors, system }
  }
  return { source: 'recorded', pid, url, actors: await recordedActors(dir), system: null }
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

/** The last change of each actor. */
function recordedActors(dir: string): Promise<ActorStanding[]> {
  const newest = new Map<string, ActorStanding>()
  const types = new Set(['actor_changed'] as const)
  return withLog(dir, reader => {
    const layouts = reader.layouts()
    for (const batch of reader.batches({ fromSeq: 1 })) {
      for (const { time, event } of selectEvents(batch, layouts, types)) {
        if (event.type !== 'actor_changed') continue
        const { actor, machine, to, restarts } = event
        newest.set(actor, { actor, machine, state: to, restarts, time })
      }
    }
    return [...newest.values()]
  })
}

/** The machine of that name. Throws USAGE for a name that none has. */
export function findMachine(name: string): (typeof machines)[MachineName] {
  if (Object.hasOwn(machines, name)) return machines[name as MachineName]
  const known = Object.keys(machines).join(', ')
  throw new RollcastError('USAGE', `there is no machine ${name}; there are ${known}`)
}
