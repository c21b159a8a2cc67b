// A host over actors that are played; its ports are closed when the test ends.
import { afterEach } from 'vitest'
import type { HostOptions } from '../../../src/runtime/host.ts'
import type { Topology } from '../../../src/runtime/topology.ts'
import { hostOf } from '../fake-actors.ts'

let open: ReturnType<typeof hostOf>[] = []

export function newHost(options: Partial<HostOptions> = {}, topology?: Topology) {
  const made = hostOf(options, topology)
  open.push(made)
  return made
}

afterEach(() => {
  for (const made of open) made.closePorts()
  open = []
})
