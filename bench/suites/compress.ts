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
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import { packMessage } from '../../src/protocol/viewer-encoding.ts'
import { findEpisode, listEpisodes, loadEpisode } from '../../src/replay/history.ts'
import { Pictures } from '../../src/replay/pictures.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { inScratch } from '../scratch.ts'
import { medianOf } from '../statistics.ts'
import {
  type BenchSettings,
  type Figure,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'

const environments = ['gridworld', 'cartpole'] as const
const SEED = 3
/** Of the sweep: bytes a message, from a state to a long episode. */
const MESSAGES = [256, 1024, 4096, 16_384, 65_536, 262_144]

interface Codec {
  readonly compress: (bytes: Uint8Array) => Uint8Array
  readonly restore: (bytes: Uint8Array) => Uint8Array
}

const zstd1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const codecs = {
  deflate1: { compress: bytes => deflateRawSync(bytes, { level: 1 }), restore: inflateRawSync },
  deflate6: { compress: bytes => deflateRawSync(bytes, { level: 6 }), restore: inflateRawSync },
  zstd1: { compress: bytes => zstdCompressSync(bytes, zstd1), restore: zstdDecompressSync },
} as const satisfies Readonly<Record<string, Codec>>
type CodecName = keyof typeof codecs
const codecNames = Object.keys(codecs) as CodecName[]

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
      settings.onProgress(`compress: ${env}, ${kind}`)
      const name = `compress.${env}_${kind}`
      const sizes = pieces.map(piece => piece.byteLength)
      notes.push(`${env} ${kind}: ${pieces.length} of ${medianOf(sizes).toFixed(0)} B (median)`)
      for (const codec of codecNames) {
        const { ratios, speeds } = measure(pieces, codec, rounds)
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

/** How much smaller the pieces get, each by itself, and how fast; a sample a round. */
function measure(
  pieces: readonly Uint8Array[],
  codec: CodecName,
  rounds: number,
): { readonly ratios: number[]; readonly speeds: number[] } {
  const { compress, restore } = codecs[codec]
  const bytesOf = (of: readonly Uint8Array[]): number =>
    of.reduce((sum, piece) => sum + piece.byteLength, 0)
  const bytes = bytesOf(pieces)
  const ratios: number[] = []
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    const small = pieces.map(piece => compress(piece))
    const seconds = (performance.now() - startedAt) / 1000
    ratios.push(bytes / bytesOf(small))
    speeds.push(bytes / seconds / 2 ** 20)
    const whole = Buffer.compare(restore(small[0]!), pieces[0]!) === 0
    assert(whole, `${codec} gives back what it took`)
  }
  return { ratios, speeds }
}

/** How the ratio and the speed go with the size of a message. */
export const compressSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 5)
  onProgress('compress: recording episodes')
  const { json } = await record('gridworld', small ? 8 : 150)
  const text = Buffer.concat(json)
  const figures = codecNames.map(codec => ({
    codec,
    ratio: new Map<number, number[]>(),
    speed: new Map<number, number[]>(),
  }))
  for (const bytes of small ? MESSAGES.slice(0, 2) : MESSAGES) {
    onProgress(`compress: messages of ${bytes} B`)
    const pieces = Array.from({ length: Math.floor(text.byteLength / bytes) }, (_, i) =>
      text.subarray(i * bytes, (i + 1) * bytes),
    )
    for (const { codec, ratio, speed } of figures) {
      const { ratios, speeds } = measure(pieces, codec, rounds)
      ratio.set(bytes, ratios)
      speed.set(bytes, speeds)
    }
  }
  const over = 'bytes a message'
  return {
    growth: [
      ...figures.map(({ codec, ratio }) => growthOf(`compress.${codec}_ratio`, 'x', over, ratio)),
      ...figures.map(({ codec, speed }) =>
        growthOf(`compress.${codec}_speed`, 'MiB/s', over, speed),
      ),
    ],
    notes: [`episodes of the gridworld as JSON, ${text.byteLength} B, cut into pieces of one size`],
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
