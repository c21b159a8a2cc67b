// The host's thread, for a run that is being recorded and for one that is being played.
import { randomInt } from 'node:crypto'
import { isMainThread, MessageChannel, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { pause, systemClock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { seededRandom } from '../base/random.ts'
import type { HistoryQuery } from '../protocol/thread-messages.ts'
import type { LogLock } from '../store/lock.ts'
import { lockLog, type RunLock } from '../store/run-lock.ts'
import { LaneGauge } from '../streams/fast-lane/status.ts'
import { declareConsumerGone } from '../streams/ring/layout.ts'
import { fenceReader } from '../streams/ring/reader.ts'
import { heapOf } from './actor-heap.ts'
import { ControlWords, letGo, states } from './control-words.ts'
import { readCost } from './cost-guard.ts'
import { HistoryPool } from './history-pool.ts'
import { Host } from './host.ts'
import type { HostMessage, HostRequest, HostStart, Problem } from './host-messages.ts'
import type { TrainerCost } from './host-status.ts'
import { IngressFigures } from './ingress-figures.ts'
import { OperatorLog } from './operator-log.ts'
import { PreviewThread } from './preview-thread.ts'
import { Spawner } from './spawn.ts'
import { kindsInThreads } from './topology.ts'

/** How often the trainer's cost goes on record. */
const COST_MILLIS = 10_000

async function main(start: HostStart): Promise<void> {
  const port = parentPort
  assert(port, 'the host runs in a worker thread')
  const control = new ControlWords(start.control)
  // Whatever it dies of: a trainer that waits for room has no event loop that could hear of it.
  process.on('exit', () => letGo(control, start.trainer?.ring))
  const pools = new Pools(start)
  const problem = await lockAndRun(start, control, pools)
  // No recorder will come any more: a trainer that would wait for one goes on.
  if (start.trainer) declareConsumerGone(start.trainer.ring)
  tell({ type: 'ended', problem })
  control.enter(problem === null ? states.closed : states.failed)
  port.close()
}

/** Whoever does bursts of stateless work for viewers. */
class Pools {
  readonly history: HistoryPool
  readonly previews: PreviewThread

  constructor({ runDir, reader, topology }: HostStart) {
    this.history = new HistoryPool(runDir, reader)
    this.previews = new PreviewThread(topology)
  }

  async close(): Promise<void> {
    await Promise.all([this.history.close(), this.previews.close()])
  }
}

const tell = (message: HostMessage): void => parentPort?.postMessage(message)

/** Recorders come and go; as long as the run lasts, the log is this process's. */
async function lockAndRun(
  start: HostStart,
  control: ControlWords,
  pools: Pools,
): Promise<Problem | null> {
  if (start.trainer === null || start.runDir === null) return run(start, control, pools)
  let lock: RunLock
  try {
    lock = await lockLog(start.runDir)
  } catch (error) {
    if (error instanceof RollcastError) return { code: error.code, message: error.message }
    return { code: 'INTERNAL', message: describeError(error) }
  }
  const recorder = { ...(start.configs.recorder as object), lockName: lock.name }
  const configs = { ...start.configs, recorder }
  const problem = await run({ ...start, configs }, control, pools, lock)
  await lock.release()
  lock.unmake()
  return problem
}

/** Runs the host to its end, and waits for all threads as long as closing may take. */
function run(
  start: HostStart,
  control: ControlWords,
  pools: Pools,
  lock?: LogLock,
): Promise<Problem | null> {
  const ended = Promise.withResolvers<Problem | null>()
  const log = new OperatorLog(start.trainer === null ? null : start.runDir)
  const spawner = new Spawner(heapOf(start.actorHeapMb))
  const host = new Host({
    topology: start.topology,
    configs: start.configs,
    clock: systemClock,
    random: seededRandom(randomInt(2 ** 32)),
    spawn: spawner.spawn,
    openChannel: () => new MessageChannel(),
    closeMillisMax: start.closeMillisMax,
    faults: start.faults,
    restartLimits: start.restartLimits,
    trainerCost: () => trainerCost(start),
    answer: query => pools.history.answer(query as HistoryQuery),
    previews: pools.previews,
    onCutOff(name) {
      if (name === 'recorder' && start.trainer) fenceReader(start.trainer.ring)
    },
    onStarted(detail) {
      control.enter(states.recording)
      spawner.keepSpares(kindsInThreads(start.topology))
      const { url } = (detail.broadcaster ?? {}) as { url?: string }
      lock?.update({ url: url ?? null })
      log.open()
      tell({ type: 'started', detail })
    },
    log: (level, fields, message) => log.write(level, fields, message),
    onNote: facts => tell({ type: 'noted', facts }),
    onStatus: status => tell({ type: 'status', status }),
    onLate: actors => tell({ type: 'late', actors }),
    onEnded: ended.resolve,
  })
  const costTimer = setInterval(() => {
    const cost = trainerCost(start)
    if (cost === null) return
    const { percent, calls, meanNanos } = cost
    host.recordFact({ type: 'trainer_cost_measured', percent, calls, meanNanos })
  }, COST_MILLIS)
  parentPort?.on('message', (request: HostRequest) => host.crash(request.actor, request.how))
  let closeBy: number | undefined
  void control.closeAsked().then(millisMax => {
    closeBy = systemClock.monotonic() + millisMax
    host.close(millisMax)
  })
  endInOrder(start, host, ended.resolve)
  host.start()
  return ended.promise.finally(async () => {
    clearInterval(costTimer)
    // A program may exit as soon as it is told, and with it every thread.
    const threads = Promise.allSettled([spawner.close(), pools.close()])
    const now = systemClock.monotonic()
    const left = Math.max(0, (closeBy ?? now + start.closeMillisMax) - now)
    await Promise.race([threads, pause(systemClock, left)])
  })
}

/**
 * A thread that ends takes those with it that it has started, and one that is inside LMDB then takes
 * the program too. So a host that meets a fault of its own lets its trainer go and says so at once,
 * and ends when they have ended, or when closing would have: what `host.fail` does is all that a
 * host can which may be broken.
 */
function endInOrder(
  { trainer, closeMillisMax }: HostStart,
  host: Host,
  end: (problem: Problem) => void,
): void {
  let isDying = false
  process.on('uncaughtException', error => {
    if (isDying) return
    isDying = true
    const message = describeError(error)
    if (trainer) declareConsumerGone(trainer.ring)
    tell({ type: 'dying', message })
    setTimeout(end, closeMillisMax, { code: 'INTERNAL', message }).unref()
    setImmediate(() => host.fail(message))
  })
}

function trainerCost({ trainer, timeOrigin }: HostStart): TrainerCost | null {
  if (trainer === null) return null
  const now = performance.timeOrigin + performance.now() - timeOrigin
  const channel = new IngressFigures(trainer.ingress).read()
  const lane = trainer.lane ? new LaneGauge(trainer.lane).status() : null
  return { ...readCost(trainer.cost, now), channel, lane }
}

if (!isMainThread) void main(workerData as HostStart)
