// A run that is read from its log: served as it grows, or replayed. The same host, aggregator and
// broadcaster as of a run that is being recorded; a player stands in for the recorder.
import { resolve } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { checkListening } from '../gateway/access/listening.ts'
import type { Behind } from '../gateway/server.ts'
import type { SystemNotice } from '../protocol/thread-messages.ts'
import { holderPid } from '../store/lock.ts'
import { openForReading } from '../store/open-log.ts'
import { HostClient } from './host-client.ts'
import { problemError } from './host-messages.ts'
import { makeLink } from './link.ts'
import type { LiveOptions } from './options.ts'
import { pageDirectory } from './software.ts'
import { playingTopology, waitingTopology } from './topology.ts'

export interface PlayOptions {
  /** The run's directory; null waits for a run: a page that says so. */
  readonly dir: string | null
  /** `replay`: the log once; `serve`: live while a trainer writes, else finished material. */
  readonly task: 'replay' | 'serve'
  /** Under `replay`: 1 (default) is the original timing, Infinity as fast as possible. */
  readonly speed?: number
  /** Under `replay`: the last event. Default: the end of the log. */
  readonly toSeq?: number
  /** Under `replay`: only these finished episodes are shown. Default: all that there is. */
  readonly episodes?: readonly number[] | undefined
  /** Where the page is served; nothing is served when left out. */
  readonly live?: LiveOptions | undefined
  /** In place of `live`: served behind a front, which has checked where it listens. */
  readonly behind?: Behind
  /** Whether this process has the log open already. */
  readonly isOpen?: boolean
  readonly closeMillisMax?: number
}

/** What the aggregator's fold came to: its last event and the CRC-32 of its encoded state. */
export interface Folded {
  readonly seq: number
  readonly crc: number
}

/** A run that is being played. */
export interface Playing {
  /** Where the page is; null when nothing is served. */
  readonly url: string | null
  /** As of a run that is recorded: the page's address with a token that works once, if one is asked for. */
  readonly link: string | null
  /** Resolves when the whole replay has been shown; never under `serve`. */
  readonly replayed: Promise<number>
  /** The state of every actor, as of the last half second. */
  readonly status: SystemNotice | undefined
  /** Stops; resolves to what was folded, when there was anything to fold. */
  close(): Promise<Folded | undefined>
}

/**
 * Plays a run. Throws USAGE for bad options, NOT_FOUND when there is no log, UNAVAILABLE,
 * LOG_CORRUPT, LOG_FOREIGN or LOG_VERSION when it cannot be read, ADDRESS_IN_USE when the page's
 * port is taken, and CANNOT_CREATE when a token is asked for and cannot be kept.
 */
export async function startPlaying(options: PlayOptions): Promise<Playing> {
  const { task, speed = 1, live, behind, isOpen = false } = options
  if (!(speed > 0)) throw new RollcastError('USAGE', `speed: expected more than 0, found ${speed}`)
  const runDir = options.dir === null ? null : resolve(options.dir)
  const { host = '127.0.0.1', token = false } = live ?? {}
  if (behind === undefined) checkListening({ host, token, runDir })
  // A process that records this run has its log open already.
  const own = runDir !== null && (await holderPid(runDir)) === process.pid
  const reader = { check: !own && !isOpen, readOnly: !own }
  // A log that cannot be read is refused here, before any thread is started.
  if (runDir !== null) await openForReading(runDir, reader).close()
  const isServed = live !== undefined || behind !== undefined
  const topology = runDir === null ? waitingTopology : playingTopology(isServed)
  const { toSeq, episodes } = options
  const client = new HostClient({
    topology,
    configs: {
      player: { runDir, reader, task, speed, toSeq, episodes },
      aggregator: { runDir, reader: { ...reader, check: false }, task: 'replay' },
      broadcaster: {
        runDir,
        reader: { ...reader, check: false },
        pageDir: pageDirectory(),
        ...live,
        behind,
      },
    },
    trainer: null,
    runDir,
    reader: { ...reader, check: false },
    closeMillisMax: options.closeMillisMax ?? 5_000,
    faults: false,
  })
  const replayed = Promise.withResolvers<number>()
  let folded: Folded | undefined
  client.onNote = facts => {
    if (typeof facts['replayed'] === 'number') replayed.resolve(facts['replayed'])
    if (facts['folded']) folded = facts['folded'] as Folded
  }
  const endedEarly = { code: 'CLOSED', message: 'the replay was closed before its end' }
  void client.ended.then(problem => replayed.reject(problemError(problem ?? endedEarly)))
  // Whoever awaits it hears of it.
  replayed.promise.catch(() => {})
  const detail = await client.started
  const url = (detail.broadcaster as { url: string } | undefined)?.url ?? null
  const link = token && url && runDir ? await makeLink(client, runDir, url) : null
  return {
    url,
    link,
    replayed: replayed.promise,
    get status() {
      return client.status
    },
    async close() {
      client.close()
      const problem = await client.closed()
      if (problem) throw problemError(problem)
      return folded
    },
  }
}
