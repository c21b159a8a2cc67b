// A gateway over a hub that tests set up by hand, with a run's directory for tokens. It ends, and
// everything that it made is removed, with the test.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type GrantRequest, Grants, type Issued } from '../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../src/gateway/access/place.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { type GatewayOptions, openGateway } from '../../src/gateway/server.ts'
import { tempDir } from '../runtime/harness.ts'
import { materialOf, rowOf, TestStage } from './stage.ts'

const history = {
  episodes: async () => ({ rows: [rowOf(1)], more: false, next: null }),
  episode: async (episode: number) => ({ material: materialOf(episode, 4) }),
  frames: async () => ({ frames: [], next: null }),
  frame: async () => ({ frame: null }),
}

interface ServeOptions extends Pick<GatewayOptions, 'token' | 'host'> {
  /** The hub's, and what tokens expire by. */
  readonly clock?: Clock
  /** The hub's. */
  readonly queuedBytesMax?: number
}

export interface Served {
  readonly port: number
  readonly hub: Hub
  readonly runDir: string
  readonly grants: Grants
  issue(request?: Partial<GrantRequest>): Issued
}

export async function serveGateway(given: ServeOptions = {}) {
  const { clock = systemClock, queuedBytesMax, ...options } = given
  const runDir = tempDir()
  const pageDirectory = join(runDir, 'page')
  mkdirSync(pageDirectory)
  writeFileSync(join(pageDirectory, 'index.html'), '<!doctype html><title>page</title>')
  const hub = new Hub({ clock, stage: new TestStage(), history, queuedBytesMax })
  const gateway = await openGateway({ hub, pageDirectory, port: 0, runDir, ...options })
  onTestFinished(() => gateway.stop())
  const grants = new Grants(accessDirectory(runDir), clock)
  const usual = { kind: 'key', role: 'viewer', replay: false, lifeMillis: 3_600_000 } as const
  const served: Served = {
    ...{ port: gateway.port, hub, runDir, grants },
    issue: request => grants.issue({ ...usual, ...request }),
  }
  return served
}
