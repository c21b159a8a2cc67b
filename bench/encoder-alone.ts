// Encoders' threads by themselves, as a run starts them, over a log that nobody writes: the bench is
// the recorder at the other end of their facts, reads them and keeps none, so that the same log can
// be encoded again and again.
import type { VideoSettings } from '../src/actors/encoder/film.ts'
import { assert } from '../src/base/assert.ts'
import { RollcastError } from '../src/base/errors.ts'
import { decodeRecord, Layouts, readRecord } from '../src/protocol/codec.ts'
import type { Event, VideoCommitted } from '../src/protocol/events.ts'
import type { FactBatch } from '../src/protocol/thread-messages.ts'
import { Spawner } from '../src/runtime/spawn.ts'
import { recordingTopology } from '../src/runtime/topology.ts'
import { PortReceiver } from '../src/streams/port.ts'

export interface Encoded {
  /** From when all were let go, together, until the last video was told. */
  readonly seconds: number
  readonly videos: readonly VideoCommitted[]
}

/** Has an encoder for each camera of the log in `dir` encode the `frames` frames of that camera. */
export async function encodeAlone(
  dir: string,
  video: VideoSettings,
  frames: number,
  cameras = 1,
): Promise<Encoded> {
  const spawner = new Spawner({})
  const { promise: started, resolve: start } = Promise.withResolvers<void>()
  let [loading, startedAt] = [cameras, 0]
  const onLoaded = (): Promise<void> => {
    if (--loading === 0) {
      startedAt = performance.now()
      start()
    }
    return started
  }
  try {
    const encoders = Array.from({ length: cameras }, (_, i) =>
      encodeCamera(spawner, i + 1, { dir, video, frames, onLoaded }),
    )
    const encoded = await Promise.all(encoders)
    const endedAt = Math.max(...encoded.map(each => each.endedAt))
    return {
      seconds: (endedAt - startedAt) / 1000,
      videos: encoded.flatMap(({ videos }) => videos),
    }
  } finally {
    spawner.close()
  }
}

interface EncodingTask {
  readonly dir: string
  readonly video: VideoSettings
  readonly frames: number
  /** Resolves when all encoders may go on. */
  readonly onLoaded: () => Promise<void>
}

interface EncodedCamera {
  readonly endedAt: number
  readonly videos: readonly VideoCommitted[]
}

/** The n-th encoder at work on the n-th camera, until all of its frames are on video. */
async function encodeCamera(
  spawner: Spawner,
  number: number,
  { dir, video, frames, onLoaded }: EncodingTask,
): Promise<EncodedCamera> {
  const name = number === 1 ? 'encoder' : (`encoder-${number}` as const)
  const { port1: facts, port2 } = new MessageChannel()
  const receiver = new PortReceiver<FactBatch>(port2, { acknowledge: 'manual' })
  const encoder = spawner.spawn('encoder', {
    ...{ name, placement: 'thread', restarts: 0, faults: false },
    ...{ sends: [specOf(`${name}.facts`)], receives: [specOf(`${name}.durable`)] },
    config: {
      ...{ runDir: dir, video, lagWarning: Number.MAX_SAFE_INTEGER },
      reader: { check: true, readOnly: true },
    },
  })
  const ended = new Promise<Error | undefined>(resolve => encoder.onEnd(resolve))
  const { promise: done, resolve, reject } = Promise.withResolvers<EncodedCamera>()
  encoder.onReport(report => {
    if (report.type === 'failed') reject(new RollcastError('VIDEO_FAILED', report.message))
  })
  const videos: VideoCommitted[] = []
  receiver.messages.subscribe(batch => {
    // Before the answer to its first batch, which is empty, it reads nothing.
    if (batch.position === 0) {
      void onLoaded().then(() => receiver.acknowledge())
      return
    }
    receiver.acknowledge()
    for (const event of eventsOf(batch)) {
      if (event.type === 'video_committed') videos.push(event)
      if (event.type === 'video_failed') reject(new RollcastError('VIDEO_FAILED', event.reason))
    }
    if (videos.reduce((sum, each) => sum + each.frames, 0) < frames) return
    resolve({ endedAt: performance.now(), videos })
  })
  encoder.command({ type: 'connect', channel: `${name}.facts`, port: facts })
  try {
    return await done
  } finally {
    encoder.command({ type: 'stop' })
    const error = await ended
    port2.close()
    assert(error === undefined, `the encoder ends well: ${error?.message}`)
  }
}

const { channels } = recordingTopology({
  ...{ live: false, encoderPlacement: 'thread', logPlacement: 'thread', video: true },
})

function specOf(name: string) {
  const route = channels.find(({ spec }) => spec.name === name)
  assert(route, `there is a channel ${name}`)
  return route.spec
}

function* eventsOf({ records }: FactBatch): Generator<Event> {
  const layouts = new Layouts()
  for (let at = 0; at < records.byteLength; ) {
    const record = readRecord(records, at)
    yield decodeRecord(records, record, layouts).event
    at = record.end
  }
}
