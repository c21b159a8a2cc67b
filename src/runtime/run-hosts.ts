// Hosts that play runs for those who watch them: started when somebody asks for a run, ended some
// time after the last viewer has left, a few at a time.
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import type { Backend, FrontDoor } from '../gateway/front/shelf.ts'
import { limits } from '../protocol/limits.ts'
import { type Playing, type PlayOptions, startPlaying } from './play.ts'

const IDLE_MILLIS = 60_000

/** A run by its directory's name; null is the page that waits for one. */
export interface PlayedRun {
  readonly name: string
  readonly dir: string
}

interface Host {
  readonly socketPath: string
  readonly playing: Promise<Playing>
  /** Requests and viewers under way. */
  users: number
  /** When the last of them left. */
  leftAt: number
  cancelIdle: () => void
  /** Set when it has been asked to end; resolves when it has. */
  ending: Promise<void> | null
}

export interface RunHostsOptions {
  readonly clock: Clock
  /** A folder that nobody else may look into. */
  readonly socketDirectory: string
  /** Called when a host ended without being asked to. */
  readonly onProblem: (run: string, error: unknown) => void
  readonly play?: (options: PlayOptions) => Promise<Playing>
  /** Default one minute. */
  readonly idleMillis?: number
}

const keyOf = (run: PlayedRun | null): string => run?.name ?? ''

export class RunHosts {
  readonly #options: RunHostsOptions
  readonly #hosts = new Map<string, Host>()
  #hostsSoFar = 0
  #isClosed = false

  constructor(options: RunHostsOptions) {
    this.#options = options
  }

  /** Whether the log of the run is, or may be, open in this process because of us. */
  has(name: string): boolean {
    return this.#hosts.has(name)
  }

  /** Resolves when no host of that run is being opened or closed. */
  async settled(name: string): Promise<void> {
    for (let host = this.#hosts.get(name); host !== undefined; host = this.#hosts.get(name)) {
      await host.playing.catch(() => {})
      if (host.ending === null) return
      await host.ending
    }
  }

  /**
   * The gateway of the run. Throws UNAVAILABLE, for now, when `limits.playedRunsMax` others are
   * being watched, and what `startPlaying` throws.
   */
  async open(run: PlayedRun | null, door: FrontDoor, isOpen: boolean): Promise<Backend> {
    const { host, leave } = await this.#enterHost(run, door, isOpen)
    try {
      await host.playing
    } catch (error) {
      leave()
      throw error
    }
    return { socketPath: host.socketPath, leave }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#hosts].map(([key, host]) => this.#end(key, host)))
  }

  /** Found or started, and entered at once: one that nobody is in may have to make room. */
  async #enterHost(run: PlayedRun | null, door: FrontDoor, isOpen: boolean) {
    const key = keyOf(run)
    for (;;) {
      if (this.#isClosed) throw new RollcastError('CLOSED', 'the server is closing')
      const found = this.#hosts.get(key)
      const hasRoom = this.#hosts.size < limits.playedRunsMax
      const host = found ?? (hasRoom ? this.#start(run, door, isOpen) : undefined)
      if (host?.ending === null) return { host, leave: this.#enter(key, host) }
      await (host?.ending ?? this.#makeRoom())
    }
  }

  /** Ends the host that nobody has watched for the longest time. */
  #makeRoom(): Promise<void> {
    const idle = [...this.#hosts].filter(([, { users }]) => users === 0)
    const [key, host] = idle.sort(([, a], [, b]) => a.leftAt - b.leftAt)[0] ?? []
    if (key !== undefined && host !== undefined) return this.#end(key, host)
    const message = `${limits.playedRunsMax} runs are being watched, as many as may be at once: close one, or wait`
    throw new RollcastError('UNAVAILABLE', message, { temporary: true })
  }

  #start(run: PlayedRun | null, door: FrontDoor, isOpen: boolean): Host {
    const { clock, socketDirectory, onProblem, play = startPlaying } = this.#options
    const socketPath = join(socketDirectory, `${++this.#hostsSoFar}.sock`)
    const behind = { socketPath, ...door }
    const playing = play({ dir: run?.dir ?? null, task: 'serve', behind, isOpen })
    const key = keyOf(run)
    const host: Host = {
      ...{ socketPath, playing, users: 0, leftAt: clock.monotonic() },
      ...{ cancelIdle: () => {}, ending: null },
    }
    this.#hosts.set(key, host)
    playing.then(
      ({ replayed }) =>
        replayed.catch((error: unknown) => {
          if (host.ending !== null) return
          onProblem(run?.dir ?? 'the page that waits', error)
          void this.#end(key, host)
        }),
      // Whoever asked for it is told.
      () => this.#hosts.delete(key),
    )
    return host
  }

  #enter(key: string, host: Host): () => void {
    const { clock } = this.#options
    host.users++
    host.cancelIdle()
    let isInside = true
    return () => {
      assert(isInside, 'who entered leaves once')
      isInside = false
      host.users--
      host.leftAt = clock.monotonic()
      if (host.users === 0) this.#waitIdle(key, host)
    }
  }

  #waitIdle(key: string, host: Host): void {
    if (host.ending !== null) return
    const { clock, idleMillis = IDLE_MILLIS } = this.#options
    host.cancelIdle()
    host.cancelIdle = clock.schedule(idleMillis, () => void this.#end(key, host))
  }

  #end(key: string, host: Host): Promise<void> {
    host.cancelIdle()
    host.ending ??= (async () => {
      try {
        await (await host.playing).close()
      } catch {
        // It could not start, or had a problem: who asked for it, or `onProblem`, was told.
      } finally {
        this.#hosts.delete(key)
      }
    })()
    return host.ending
  }
}
