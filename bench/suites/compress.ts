// What compression saves and costs, on real episodes of both demos: of whole episodes on their way to
// a viewer (L15), as JSON and as MessagePack; and of what the log holds, its batches of events and its
// frames, which it stores as they are (docs/decisions/0013-wire.md).
import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { runDemo } from '../../examples/demo.ts'
import { assert } from '../../src/base/assert.ts'
import { episodeMessage } from '../../src/gateway/messages.ts'
import { packMessage } from '../../src/protocol/viewer-encoding.ts'
import { stringifyMessage } from '../../src/protocol/viewer-messages.ts'
import { findEpisode, listEpisodes, loadEpisode } from '../../src/replay/history.ts'
import { Pictures } from '../../src/replay/pictures.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { inScratch } from '../scratch.ts'
import { medianOf } from '../statistics.ts'
import { type BenchSettings, type Figure, figure, heapFigure, type SuiteResult } from '../suite.ts'

const environments = ['gridworld', 'cartpole'] as const
const SEED = 3

interface Codec {
  readonly compress: (bytes: Uint8Array) => Uint8Array
  readonly restore: (bytes: Uint8Array) => Uint8Array
}

const zstd1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const codecs: Readonly<Record<'deflate1' | 'deflate6' | 'zstd1', Codec>> = {
  deflate1: { compress: bytes => deflateRawSync(bytes, { level: 1 }), restore: inflateRawSync },
  deflate6: { compress: bytes => deflateRawSync(bytes, { level: 6 }), restore: inflateRawSync },
  zstd1: { compress: bytes => zstdCompressSync(bytes, zstd1), restore: zstdDecompressSync },
}

/** Many things of one kind, each compressed by itself. */
type Material = Readonly<Record<'json' | 'msgpack' | 'batches' | 'frames', Uint8Array[]>>

export async function compress(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 5)
  const figures: Figure[] = []
  const notes: string[] = []
  for (const env of settings.small ? environments.slice(0, 1) : environments) {
    settings.onProgress(`compress: ${env}`)
    const material = await record(env, settings.small ? 8 : 150)
    for (const [kind, pieces] of Object.entries(material)) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
      const name = `compress.${env}_${kind}`
      const sizes = pieces.map(piece => piece.byteLength)
      notes.push(`${env} ${kind}: ${pieces.length} of ${medianOf(sizes).toFixed(0)} B (median)`)
      for (const [codec, { compress, restore }] of Object.entries(codecs)) {
        const ratios: number[] = []
        const speeds: number[] = []
        for (let round = 0; round < rounds; round++) {
          const startedAt = performance.now()
          const small = pieces.map(compress)
          const seconds = (performance.now() - startedAt) / 1000
          ratios.push(bytes / small.reduce((sum, piece) => sum + piece.byteLength, 0))
          speeds.push(bytes / seconds / 2 ** 20)
          const whole = Buffer.compare(restore(small[0]!), pieces[0]!) === 0
          assert(whole, `${codec} gives back what it took`)
        }
        figures.push(figure(`${name}_${codec}_ratio`, 'x', ratios))
        figures.push(figure(`${name}_${codec}_speed`, 'MiB/s', speeds))
      }
    }
  }
  return {
    figures: [...figures, heapFigure('compress')],
    notes: [
      ...notes,
      'json, msgpack: whole episodes as viewers get them; batches: records of the log; frames: pixels',
      'ratio: bytes before over bytes after; speed: of bytes before, on one thread',
    ],
  }
}

/** Trains for so many episodes; what viewers would be sent of them, and what the log holds. */
function record(env: (typeof environments)[number], episodes: number): Promise<Material> {
  return inScratch(async dir => {
    const options = { env, dir, seed: SEED, live: { port: 0 }, seconds: 60, episodes }
    await runDemo({ ...options, paced: false, video: false })
    const reader = openLogReader(dir)
    try {
      const material: Material = { json: [], msgpack: [], batches: [], frames: [] }
      const pictures = new Pictures(reader, dir)
      for (const { episode } of listEpisodes(reader, { limit: episodes }).rows) {
        const whole = loadEpisode(reader, findEpisode(reader, episode), pictures)
        const message = episodeMessage('live', null, whole, 0)
        material.json.push(Buffer.from(stringifyMessage(message)))
        material.msgpack.push(packMessage(message))
      }
      pictures.close()
      for (const { records } of reader.batches({ fromSeq: 1 })) {
        material.batches.push(records.slice())
      }
      for (const { seq, event } of reader.events({ fromSeq: 1 })) {
        if (material.frames.length === episodes) break
        const pixels = event.type === 'frame_captured' ? reader.frame(seq) : undefined
        if (pixels !== undefined) material.frames.push(pixels.slice())
      }
      return material
    } finally {
      await reader.close()
    }
  })
}
