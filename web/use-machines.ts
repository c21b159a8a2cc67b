// The lifecycle machines of the server, fetched once: they do not change while it runs.
import { useEffect, useState } from 'react'
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

const none: Machines = { byName: new Map(), problem: null }

export function useMachines(): Machines {
  const [machines, setMachines] = useState(none)
  useEffect(() => {
    const going = new AbortController()
    fetchMachines(going.signal).then(setMachines, (error: unknown) => {
      if (!going.signal.aborted) setMachines({ ...none, problem: describeError(error) })
    })
    return () => going.abort()
  }, [])
  return machines
}

async function fetchMachines(signal: AbortSignal): Promise<Machines> {
  const response = await fetch(`${base}api/machines`, { signal })
  const described = machineDescriptionsSchema.parse(await response.json())
  return { byName: new Map(described.map(one => [one.machine, one])), problem: null }
}
