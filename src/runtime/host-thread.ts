// The host's thread, for a run that is being recorded and for one that is being played.
import { randomInt } from 'node:crypto'
import { isMainThread, MessageChannel, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { systemClock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { HistoryQuery } from '../protocol/thread-messages.ts'
import { declareConsumerGone } from '../streams/ring/layout.ts'
import { ControlWords, commands, states } from './control-words.ts'
import { readCost } from './cost-guard.ts'
import { HistoryPool } from './history-pool.ts'
import { Host } from './host.ts'
import type { HostMessage, HostRequest, HostStart } from './host-messages.ts'
import type { TrainerCost } from './host-status.ts'
import { IngressFigures } from './ingress-figures.ts'
import { openOperatorLog } from './operator-log.ts'
import { spawnActor } from './spawn.ts'

/** How often the trainer's cost goes on record. */
const COST_MILLIS = 10_000

function main(start: HostStart): void {
  const port = parentPort
  assert(port, 'the host runs in a worker thread')
  const tell = (message: HostMessage): void => port.postMessage(message)
  const control = new ControlWords(start.control)
  const log = openOperatorLog(start.trainer === null ? null : start.runDir)
  const history = new HistoryPool(start.runDir, start.reader)
  const trainerCost = (): TrainerCost | null => {
    if (start.trainer === null) return null
    const now = performance.timeOrigin + performance.now() - start.timeOrigin
    const cost = readCost(start.trainer.cost, now)
    return { ...cost, channel: new IngressFigures(start.trainer.ingress).read() }
  }
  const host = new Host({
    topology: start.topology,
    configs: start.configs,
    clock: systemClock,
    random: seededRandom(randomInt(2 ** 32)),
    spawn: spawnActor,
    openChannel: () => new MessageChannel(),
    closeMillisMax: start.closeMillisMax,
    faults: start.faults,
    restartLimits: start.restartLimits,
    trainerCost,
    answer: query => history.answer(query as HistoryQuery),
    onStarted(detail) {
      control.enter(states.recording)
      const { url } = (detail.broadcaster ?? {}) as { url?: string }
      host.inform('recorder', { url: url ?? null })
      tell({ type: 'started', detail })
    },
    log: (level, fields, message) => log[level](fields, message),
    onNote: facts => tell({ type: 'noted', facts }),
    onStatus: status => tell({ type: 'status', status }),
    onEnded(problem) {
      clearInterval(costTimer)
      // No recorder will come any more: a trainer that would wait for one goes on.
      if (start.trainer) declareConsumerGone(start.trainer.ring)
      tell({ type: 'ended', problem })
      void history.close().finally(() => {
        control.enter(problem === null ? states.closed : states.failed)
        port.close()
      })
    },
  })
  const costTimer = setInterval(() => {
    const cost = trainerCost()
    if (cost === null) return
    const { percent, calls, meanNanos } = cost
    host.recordFact({ type: 'trainer_cost_measured', percent, calls, meanNanos })
  }, COST_MILLIS)
  port.on('message', (request: HostRequest) => host.crash(request.actor, request.how))
  void obey(control, host)
  host.start()
}

async function obey(control: ControlWords, host: Host): Promise<void> {
  for (let last = control.command; last !== commands.closeNow; ) {
    last = await control.nextCommand(last)
    if (last === commands.close) host.close()
    else if (last === commands.closeNow) host.closeNow()
  }
}

if (!isMainThread) main(workerData as HostStart)
