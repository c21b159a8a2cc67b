// A front over runs that tests set up by hand: each has a gateway of its own behind a Unix socket,
// and whatever was asked of the shelf is on record. It ends, and all that it made, with the test.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import { type GrantRequest, Grants, type Issued } from '../../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../../src/gateway/access/place.ts'
import { openFront } from '../../../src/gateway/front/server.ts'
import type { Backend, FrontDoor, Shelf } from '../../../src/gateway/front/shelf.ts'
import { Hub } from '../../../src/gateway/hub.ts'
import { type Gateway, openGateway } from '../../../src/gateway/server.ts'
import type { RunRow } from '../../../src/protocol/run-list.ts'
import { materialOf, rowOf, TestStage } from '../stage.ts'

const history = {
  episodes: async () => ({ rows: [rowOf(1)], more: false, next: null }),
  episode: async (episode: number) => ({ material: materialOf(episode, 4) }),
  frames: async () => ({ frames: [], next: null }),
  frame: async () => ({ frame: null }),
}

export const runRow = (name: string): RunRow => ({
  ...{ name, title: name, state: 'finished', problem: null, started_at: 1, written_at: 2 },
  ...{ episodes: 3, steps: 4, best_return: 5, log_bytes: 6 },
})

interface FrontTestOptions {
  readonly runs?: readonly string[]
  readonly token?: boolean
  readonly clock?: Clock
}

class TestShelf implements Shelf {
  /** Newest first; tests change it. */
  runs: string[]
  /** What gateways were asked for, in order. */
  readonly opened: (string | null)[] = []
  /** Viewers and requests under way, by run. */
  readonly inside = new Map<string | null, number>()
  readonly gateways = new Map<string | null, Gateway>()
  readonly hubs = new Map<string | null, Hub>()
  readonly #directory: string

  constructor(runs: readonly string[], directory: string) {
    this.runs = [...runs]
    this.#directory = directory
  }

  async list(offset: number, limit: number) {
    const runs = this.runs.slice(offset, offset + limit).map(runRow)
    return { directory: 'test', runs, total: this.runs.length }
  }

  newest = async (): Promise<string | null> => this.runs[0] ?? null
  has = async (name: string): Promise<boolean> => this.runs.includes(name)

  async open(name: string | null, door: FrontDoor): Promise<Backend> {
    this.opened.push(name)
    if (name !== null && !this.runs.includes(name)) {
      throw new RollcastError('NOT_FOUND', 'there is no such run here')
    }
    const index = name === null ? 'waiting' : this.runs.indexOf(name)
    const socketPath = join(this.#directory, `${index}.sock`)
    if (!this.gateways.has(name)) {
      const stage = new TestStage()
      stage.run = name
      const hub = new Hub({ clock: systemClock, stage, history })
      this.hubs.set(name, hub)
      const behind = { socketPath, ...door }
      const pageDirectory = join(this.#directory, 'page')
      this.gateways.set(name, await openGateway({ hub, pageDirectory, behind }))
    }
    const count = (by: number): void => {
      this.inside.set(name, (this.inside.get(name) ?? 0) + by)
    }
    count(1)
    return { socketPath, leave: () => count(-1) }
  }
}

export async function serveFront({
  runs = ['new', 'old'],
  token = false,
  clock = systemClock,
}: FrontTestOptions = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-front-'))
  const pageDirectory = join(dir, 'page')
  mkdirSync(pageDirectory)
  for (const name of ['index', 'runs', 'overlay']) {
    writeFileSync(join(pageDirectory, `${name}.html`), `<!doctype html><title>${name}</title>`)
  }
  const shelf = new TestShelf(runs, dir)
  const front = await openFront({ shelf, clock, pageDirectory, dir, port: 0, token })
  onTestFinished(async () => {
    for (const gateway of shelf.gateways.values()) await gateway.stop()
    await front.stop()
    rmSync(dir, { recursive: true })
  })
  const grants = new Grants(accessDirectory(dir), clock)
  const usual = { kind: 'key', role: 'viewer', replay: false, lifeMillis: 3_600_000 } as const
  return {
    shelf,
    grants,
    port: Number(new URL(front.url).port),
    issue: (request?: Partial<GrantRequest>): Issued => grants.issue({ ...usual, ...request }),
  }
}
