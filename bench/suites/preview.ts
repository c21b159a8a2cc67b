// What a picture of a frame costs and saves (V11): JPEG and WebP at three sizes, by the encoder and
// through the thread that makes them for viewers; and that without a viewer none is made.
import { assert } from '../../src/base/assert.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { StillEncoder } from '../../src/media/still.ts'
import { type PictureFormat, pictureFormats } from '../../src/protocol/frame-encoding.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { start } from '../../src/runtime/run.ts'
import { openPreviewLine, type PreviewLine } from '../../tests/runtime/preview-line.ts'
import { newScene, type Shape } from '../material.ts'
import { orderedPictures } from '../pixels.ts'
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
import { Viewer } from '../viewer.ts'

const shapes: readonly Shape[] = [
  { width: 160, height: 210 },
  { width: 640, height: 480 },
  { width: 1280, height: 720 },
]
/** Of the sweep besides. */
const furtherShapes: readonly Shape[] = [
  { width: 84, height: 84 },
  { width: 320, height: 240 },
  { width: 1920, height: 1080 },
]
const QUALITY = 75
const FRAMES_PER_SECOND = 60

const named = ({ width, height }: Shape): string => `${width}x${height}`

export async function preview(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 9)
  const pictures = settings.small ? 3 : 60
  const samples = new Map<string, { unit: string; values: number[] }>()
  const note = (name: string, unit: string, value: number): void => {
    const held = samples.get(name) ?? { unit, values: [] }
    held.values.push(value)
    samples.set(name, held)
  }
  const line = openPreviewLine()
  for (let round = 0; round < rounds; round++) {
    settings.onProgress(`preview: round ${round + 1} of ${rounds}`)
    for (const shape of shapes) {
      for (const as of pictureFormats) {
        const { millis, bytes } = encode(shape, as, pictures)
        const prefix = `preview.${as}_${named(shape)}`
        note(`${prefix}_millis`, 'ms', millis)
        note(`${prefix}_bytes`, 'B', bytes)
        note(`${prefix}_ratio`, 'of raw', bytes / (shape.width * shape.height * 3))
      }
      note(`preview.pool_${named(shape)}_millis`, 'ms', await order(line, shape, pictures))
    }
  }
  await line.close()
  settings.onProgress('preview: frames that nobody watches')
  const unwatched = await recordUnwatched(settings.small ? 0.5 : 3)
  const figures: Figure[] = [...samples].map(([name, { unit, values }]) =>
    figure(name, unit, values),
  )
  return {
    figures: [
      ...figures,
      figure('preview.frames_encoded_without_viewer', 'frames', [unwatched.encoded]),
      heapFigure('preview'),
    ],
    notes: [
      `quality ${QUALITY}, ${pictures} pictures a round, medians of each, ${rounds} rounds`,
      'pool: from the order at the broadcaster to the answer there, JPEG, the thread idle before',
      `${unwatched.recorded} frames of 640x480 recorded with nobody connected; then one viewer came` +
        ` and ${unwatched.thenEncoded} were made into pictures`,
    ],
  }
}

/** How a picture goes with its size. */
export const previewSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 5)
  const pictures = small ? 3 : 30
  const names = ['jpeg_millis', 'webp_millis', 'pool_millis', 'jpeg_bytes', 'webp_bytes'] as const
  const samples = names.map(name => ({ name, by: new Map<number, number[]>() }))
  const line = openPreviewLine()
  const swept = [...shapes, ...furtherShapes].toSorted((a, b) => a.width - b.width)
  for (const shape of swept) {
    onProgress(`preview: ${named(shape)}`)
    for (let round = 0; round < rounds; round++) {
      const [jpeg, webp] = [encode(shape, 'jpeg', pictures), encode(shape, 'webp', pictures)]
      const through = await order(line, shape, pictures)
      const values = [jpeg.millis, webp.millis, through, jpeg.bytes, webp.bytes]
      for (const [i, { by }] of samples.entries()) {
        const pixels = shape.width * shape.height
        by.set(pixels, [...(by.get(pixels) ?? []), values[i]!])
      }
    }
  }
  await line.close()
  return {
    growth: samples.map(({ name, by }) =>
      growthOf(`preview.${name}`, name.endsWith('bytes') ? 'B' : 'ms', 'pixels a picture', by),
    ),
    notes: [
      `quality ${QUALITY}; pool: JPEG, from the order at the broadcaster to the answer there`,
    ],
  }
}

/** Median milliseconds and bytes of one picture. */
function encode(shape: Shape, as: PictureFormat, count: number): { millis: number; bytes: number } {
  const options = { ...shape, format: 'rgb8', as, quality: QUALITY } as const
  const encoder = new StillEncoder(loadMedia(), options)
  const pixels = newScene(shape)
  const millis: number[] = []
  let bytes = 0
  for (let index = 0; index < count; index++) {
    pixels[index] = index
    const startedAt = performance.now()
    bytes = encoder.encode(pixels).byteLength
    millis.push(performance.now() - startedAt)
  }
  encoder.close()
  return { millis: medianOf(millis), bytes }
}

async function order({ make }: PreviewLine, shape: Shape, count: number): Promise<number> {
  const scene = newScene(shape)
  const millis: number[] = []
  for (let picture = 0; picture < count; picture++) {
    const pixels = scene.slice()
    const startedAt = performance.now()
    const wanted = { ...shape, format: 'rgb8', as: 'jpeg', quality: QUALITY } as const
    await make({ ...wanted, pixels })
    millis.push(performance.now() - startedAt)
  }
  return medianOf(millis)
}

interface Unwatched {
  readonly recorded: number
  readonly encoded: number
  /** The counter's own check: with a viewer it counts. */
  readonly thenEncoded: number
}

/** Records large frames with nobody connected, then with a viewer. */
function recordUnwatched(seconds: number): Promise<Unwatched> {
  return inScratch(async dir => {
    const run = await start(checkOptions({ dir, live: { port: 0 }, handleSignals: false }), {
      faults: false,
    })
    assert(run.url !== null, 'the run is shown live')
    const shape = { width: 640, height: 480 }
    const recorder = run.recorder('agent')
    const data = newScene(shape)
    let recorded = 0
    recorder.begin()
    const recordUntil = async (isEnough: () => boolean): Promise<void> => {
      const giveUpAt = performance.now() + 60_000
      while (!isEnough()) {
        assert(performance.now() < giveUpAt, 'waited a minute for the counters to move')
        recorder.step({ reward: 1 })
        recorder.frame({ ...shape, data })
        recorded++
        await new Promise(resolve => setTimeout(resolve, 1000 / FRAMES_PER_SECOND))
      }
    }
    const frames = seconds * FRAMES_PER_SECOND
    await recordUntil(() => recorded >= frames)
    // Counters come with the next sign of life.
    const told = run.status?.time ?? 0
    await recordUntil(() => (run.status?.time ?? 0) > told + 1_200)
    const encoded = orderedPictures(run)
    const before = recorded
    const viewer = await Viewer.connect(run.url, FRAMES_PER_SECOND)
    await recordUntil(() => orderedPictures(run) > 0)
    const thenEncoded = orderedPictures(run)
    await viewer.close()
    recorder.end()
    await run.close()
    return { recorded: before, encoded, thenEncoded }
  })
}
