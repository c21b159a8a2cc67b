// The program that a soak watches: it records episodes of two cameras, with video and a dataset, and
// lets its actors be killed. argv: JSON SoakTask. Orders come from the parent, one at a time; what it
// is like goes to the parent all the time.
import { checkOptions } from '../../src/runtime/options.ts'
import { start } from '../../src/runtime/run.ts'
import type { ActorName } from '../../src/runtime/topology.ts'
import { playEpisode } from '../durability/datasets/play-episode.ts'

export interface SoakTask {
  readonly dir: string
  readonly stepMillis: number
}

export type SoakOrder =
  | { readonly type: 'kill'; readonly actor: ActorName; readonly how: 'throw' | 'exit' }
  | { readonly type: 'end' }

/** What the program says. */
export type SoakNews =
  | { readonly type: 'started'; readonly url: string }
  | { readonly type: 'problem'; readonly problem: string }
  /** An episode has ended; `flush` has said that it is durable. */
  | { readonly type: 'durable'; readonly episode: number }
  | ({ readonly type: 'state' } & SoakState)

export interface SoakState {
  /** How often each actor was restarted; undefined while any of them does not run. */
  readonly restarts: Readonly<Record<string, number>> | undefined
  /** Events that the slowest reader of the log has not handled yet. */
  readonly lag: number
  /** What waits on the heap for room in the ring, and events that found none. */
  readonly spilledBytes: number
  readonly dropped: number
  readonly episodes: number
}

const STATE_MILLIS = 200

const task = JSON.parse(process.argv[2] ?? '{}') as SoakTask
const tell = (news: SoakNews): void => void process.send?.(news)

const run = await start(
  checkOptions({
    ...{ dir: task.dir, live: { port: 0 }, video: true, dataset: true, closeMillisMax: 120_000 },
    onProblem: ({ code, message }) => tell({ type: 'problem', problem: `${code} ${message}` }),
  }),
  { faults: true },
)
let ends = false
let episodes = 0
process.on('message', (order: SoakOrder) => {
  if (order.type === 'kill') run.host.crash(order.actor, order.how)
  else ends = true
})
const timer = setInterval(() => tell({ type: 'state', ...state() }), STATE_MILLIS)
tell({ type: 'started', url: String(run.url) })

const recorder = run.recorder('agent')
while (!ends) {
  const episode = await playEpisode(recorder, task.stepMillis)
  recorder.end()
  episodes++
  void run.flush().then(durable => durable && tell({ type: 'durable', episode }))
}
await run.close()
clearInterval(timer)
process.disconnect()

function state(): SoakState {
  const actors = run.status?.actors ?? []
  const others = actors.filter(({ name }) => name !== 'host')
  const ingress = actors
    .flatMap(({ channels }) => channels)
    .find(({ name }) => name === 'trainer.ingress')
  const allRun = others.length > 0 && others.every(({ state }) => state.startsWith('running'))
  return {
    restarts: allRun
      ? Object.fromEntries(others.map(({ name, restarts }) => [name, restarts]))
      : undefined,
    lag: Math.max(0, ...actors.map(({ lag }) => lag ?? 0)),
    spilledBytes: ingress?.depthBytes ?? 0,
    dropped: ingress?.dropped ?? 0,
    episodes,
  }
}
