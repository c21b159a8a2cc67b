// A trainer's end of a run without threads: recorders on a real ring, and what arrives at its other
// end, taken in as the recorder does and decoded as a reader of the log does.
import { IntakeBuffer } from '../../src/actors/recorder/logic.ts'
import { MIB } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { RollcastError } from '../../src/base/errors.ts'
import { decodeRecord, Layouts, readRecord } from '../../src/protocol/codec.ts'
import type { Event, EventOf, EventType } from '../../src/protocol/events.ts'
import { CostGuard, createCostWords } from '../../src/runtime/cost-guard.ts'
import { EpisodeRecorder } from '../../src/runtime/episode-recorder.ts'
import type { RecordedEpisode } from '../../src/runtime/episode-tape.ts'
import { Ingress, type TrainerTime } from '../../src/runtime/ingress.ts'
import type { LanePublisher } from '../../src/runtime/lane-publisher.ts'
import { surveyRecords } from '../../src/store/survey.ts'
import { type InletOptions, RingInlet } from '../../src/streams/ring/inlet.ts'
import { createRing } from '../../src/streams/ring/layout.ts'
import { RingReader } from '../../src/streams/ring/reader.ts'

export interface RingRunOptions {
  readonly capacityBytes?: number
  readonly policy?: InletOptions['policy'] & {}
  readonly criticalBytesMax?: number
  readonly onEpisode?: (episode: RecordedEpisode) => void
  readonly onProblem?: (problem: RollcastError) => void
  readonly nextLayout?: number
  readonly lane?: LanePublisher
  readonly time?: TrainerTime
}

export function ringRun(options: RingRunOptions = {}) {
  const { capacityBytes = 4 * MIB, policy, criticalBytesMax, onEpisode } = options
  const ring = createRing({ capacityBytes, ringId: 7 })
  const inlet = new RingInlet(ring, {
    clock: systemClock,
    ...(policy ? { policy } : {}),
    ...(criticalBytesMax === undefined ? {} : { criticalBytesMax }),
  })
  const problems: RollcastError[] = []
  const onProblem = options.onProblem ?? (problem => problems.push(problem))
  const { time } = options
  const start = { nextEpisode: 1, nextLayout: options.nextLayout ?? 1, ...(time && { time }) }
  const ingress = new Ingress(inlet, start, onProblem)
  const guard = new CostGuard(createCostWords(), performance.now())
  const reader = new RingReader(ring)
  const intake = new IntakeBuffer(new Layouts())
  const layouts = new Layouts()
  const frames: Uint8Array[] = []

  /** What has arrived since the last time, with the times of the events. */
  function arrivals(): { time: number; event: Event }[] {
    const arrived: { time: number; event: Event }[] = []
    do {
      while (reader.read())
        intake.add(reader.bytes, reader.tag, reader.byteOffset, reader.lengthBytes)
      reader.release(reader.position)
    } while (!inlet.flushSpill() || reader.hasData())
    const taken = intake.take()
    // The log would take it: what no reader could decode is refused there.
    surveyRecords(taken.records, layouts)
    for (const { bytes } of taken.frames) frames.push(bytes)
    for (let at = 0; at < taken.records.byteLength; ) {
      const record = readRecord(taken.records, at)
      arrived.push(decodeRecord(taken.records, record, layouts))
      at = record.end
    }
    return arrived
  }

  const events = (): Event[] => arrivals().map(({ event }) => event)

  return {
    inlet,
    ingress,
    problems,
    arrivals,
    events,
    /** Pixels of the frames that `arrivals` has seen. */
    frames,
    /** Those of what has arrived that are of `type`. */
    eventsOf: <T extends EventType>(type: T): EventOf<T>[] =>
      events().filter((event): event is EventOf<T> => event.type === type),
    recorder: (agent = 'a'): EpisodeRecorder =>
      new EpisodeRecorder(ingress, guard, { agent, onEpisode, lane: options.lane }),
  }
}
