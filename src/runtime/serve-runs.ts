// A directory of runs, or one run, behind one address: the list, the newest run at the root, and a
// page for each. The runs are played by hosts of their own, which come and go with their viewers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { type Front, openFront } from '../gateway/front/server.ts'
import type { Shelf } from '../gateway/front/shelf.ts'
import type { RunList } from '../protocol/run-list.ts'
import { isRun } from '../store/run-directories.ts'
import { makeLink } from './link.ts'
import type { LiveOptions } from './options.ts'
import { RunHosts, type RunHostsOptions } from './run-hosts.ts'
import { RunListing } from './run-listing.ts'
import { pageDirectory } from './software.ts'

export interface ServeOptions {
  /** A run's directory, or one that holds runs, now or later. */
  readonly dir: string
  readonly live: LiveOptions
  /** Called when a run cannot be served any longer; it is opened again for who asks for it. */
  readonly onProblem: RunHostsOptions['onProblem']
  /** What hosts are ended by that nobody watches. */
  readonly clock?: Clock
}

export interface Serving {
  /** The address of the newest run, e.g. `http://127.0.0.1:7788/`. */
  readonly url: string
  /** The same with a token that works once; null where none is asked for. */
  readonly link: string | null
  /** How many runs there are now. */
  runs(): Promise<number>
  close(): Promise<void>
}

/**
 * Serves until closed. Throws as `openGateway`; for a run's directory also what keeps its log from
 * being read. In a directory of runs that is said in the list.
 */
export async function serveRuns(options: ServeOptions): Promise<Serving> {
  const { live, onProblem, clock = systemClock } = options
  const dir = resolve(options.dir)
  const socketDirectory = mkdtempSync(join(tmpdir(), 'rollcast-'))
  const hosts = new RunHosts({ clock, socketDirectory, onProblem })
  const listing = new RunListing(dir, clock, hosts)
  const shelf = shelfOf(dir, listing, hosts)
  let front: Front | undefined
  const close = async (): Promise<void> => {
    // First those who tell viewers that the server goes.
    await hosts.close()
    await front?.stop()
    await listing.close()
    rmSync(socketDirectory, { recursive: true })
  }
  try {
    front = await openFront({ shelf, clock, pageDirectory: pageDirectory(), dir, ...live })
    if (isRun(dir)) (await shelf.open(basename(dir), front.site.inside)).leave()
  } catch (error) {
    await close()
    throw error
  }
  const { url } = front
  const asStarted = { close: () => {}, closed: close }
  const link = live.token ? await makeLink(asStarted, dir, url) : null
  return { url, link, runs: async () => (await listing.runs()).length, close }
}

function shelfOf(dir: string, listing: RunListing, hosts: RunHosts): Shelf {
  return {
    async list(offset, limit): Promise<RunList> {
      const runs = await listing.runs()
      const rows = await listing.rows(runs.slice(offset, offset + limit))
      return { directory: basename(dir), runs: rows, total: runs.length }
    },
    newest: async () => (await listing.runs())[0]?.name ?? null,
    has: async name => (await listing.find(name)) !== undefined,
    async open(name, door) {
      if (name === null) return hosts.open(null, door, false)
      const isTheOne = isRun(dir) && name === basename(dir)
      const run = isTheOne ? { name, dir } : await listing.find(name)
      if (run === undefined) throw new RollcastError('NOT_FOUND', 'there is no such run here')
      return hosts.open(run, door, listing.hasOpen(name))
    },
  }
}
