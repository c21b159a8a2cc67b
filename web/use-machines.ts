// The lifecycle machines of the server, fetched until they are there, once: they do not change while it
// runs.
import { useEffect, useState } from 'react'
import * as v from 'valibot'
import { describeError } from '../src/base/errors.ts'
import {
  type MachineDescription,
  machineDescriptionsSchema,
} from '../src/protocol/machine-description.ts'
import { base } from './browser-socket.ts'

export interface Machines {
  readonly byName: ReadonlyMap<string, MachineDescription>
  /** Why there are none; null when there are, or when they are on their way. */
  readonly problem: string | null
}

/** The server's actors come back sooner than that. */
const AGAIN_MILLIS = 2_000

const none: Machines = { byName: new Map(), problem: null }

export function useMachines(): Machines {
  const [machines, setMachines] = useState(none)
  useEffect(() => {
    const going = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = (): void => {
      fetchMachines(going.signal).then(setMachines, (error: unknown) => {
        if (going.signal.aborted) return
        setMachines({ ...none, problem: describeError(error) })
        timer = setTimeout(load, AGAIN_MILLIS)
      })
    }
    load()
    return () => {
      going.abort()
      clearTimeout(timer)
    }
  }, [])
  return machines
}

async function fetchMachines(signal: AbortSignal): Promise<Machines> {
  const response = await fetch(`${base}api/machines`, { signal })
  if (!response.ok) throw new Error(`the server answers ${response.status}`)
  const described = v.parse(machineDescriptionsSchema, await response.json())
  return { byName: new Map(described.map(one => [one.machine, one])), problem: null }
}
