// What one viewer among many costs that stops reading: the bytes that the server holds for it, and
// how much later the others get what they read on.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert } from '../src/base/assert.ts'
import { FILMED_AGENT, type Gateway, helloOf, MAX_FPS, openRollcast } from './broadcasters.ts'
import { type Crowd, watchCrowd } from './crowd.ts'
import { type BenchSettings, type Figure, figure } from './suite.ts'

/** Frames that are shown to a viewer that is stuck, and until it is. */
export const FRAMES_MORE = 100
const FRAMES_MAX = 2000
const EMPTY_MILLIS_MAX = 10_000
const EMPTY_POLL_MILLIS = 10
/** How often one stops reading and reads on, for each round. */
const SLOW_TURNS = 4
/** The first times are slower: code is not compiled yet. */
const TIMES_FIRST = 2

/** The times in which the others are watched; nobody is stuck in those before and after. */
type Time = 'warm-up' | 'one' | 'other' | 'stuck'

/**
 * One among many stops reading, though it gets frames, and reads on, in turns: what it holds, and
 * what the others feel. A time of two seconds has 60 publications, and its 99th percentile is the
 * age of the unluckiest one: so the times of a kind are put together, and how much the two halves
 * of those differ in which nobody is stuck says how much is chance.
 */
export async function stopReading(
  crowd: Crowd,
  viewers: number,
  rounds: number,
  seconds: number,
  settings: BenchSettings,
): Promise<Figure[]> {
  const turns = rounds * (settings.small ? 1 : SLOW_TURNS)
  const held: number[] = []
  const gateway = await openRollcast()
  await crowd.connect('others', gateway.port, viewers - 1, helloOf('agent'))
  await crowd.connect('slow', gateway.port, 1, helloOf(FILMED_AGENT))
  const showAll = (step: number): void => {
    gateway.film(step)
    gateway.state(step)
  }
  const p99 = { 'warm-up': 0, one: 0, other: 0, stuck: 0 }
  let frames = FRAMES_MORE
  const watchOthers = async (tally: Time): Promise<void> => {
    const watch = { viewers: viewers - 1, seconds, tally }
    p99[tally] = (await watchCrowd(crowd, 'others', watch, showAll)).p99
  }
  // What goes before the times in which one is stuck goes before all others too: as many frames in a
  // quick row, and a collection. What comes of those is not the doing of one that is stuck.
  const watchUndisturbed = async (tally: Exclude<Time, 'stuck'>): Promise<void> => {
    for (let index = 0; index < frames; index++) await film(gateway, index)
    await emptied(gateway)
    bytesInUse()
    await watchOthers(tally)
  }
  for (let time = 0; time < TIMES_FIRST; time++) await watchUndisturbed('warm-up')
  for (let turn = 0; turn < turns; turn++) {
    settings.onProgress(`fanout: one stops reading, turn ${turn + 1} of ${turns}`)
    await watchUndisturbed(turn % 2 === 0 ? 'one' : 'other')
    const bytesBefore = bytesInUse()
    await crowd.read('slow', 0)
    frames = await fill(gateway)
    held.push(Math.max(0, bytesInUse() - bytesBefore) / 2 ** 20)
    await watchOthers('stuck')
    await crowd.read('slow', Number.POSITIVE_INFINITY)
    await emptied(gateway)
    await watchUndisturbed(turn % 2 === 0 ? 'other' : 'one')
  }
  await crowd.leave('slow')
  await crowd.leave('others')
  await gateway.close()
  return [
    figure('fanout.slow_viewer_mib', 'MiB', held),
    figure('fanout.slow_others_ratio', 'x', [(2 * p99.stuck) / (p99.one + p99.other)]),
    figure('fanout.slow_others_same_ratio', 'x', [p99.one / p99.other]),
  ]
}

/** Shows frames until the kernel takes none for the one that does not read, and more; how many. */
async function fill(gateway: Gateway): Promise<number> {
  let stuck = 0
  let index = 0
  for (; stuck < FRAMES_MORE; index++) {
    assert(index < FRAMES_MAX, `the kernel has taken ${index} frames for one that does not read`)
    await film(gateway, index)
    if (gateway.waiting().some(bytes => bytes > 0)) stuck++
  }
  return index
}

async function film(gateway: Gateway, index: number): Promise<void> {
  gateway.film(index)
  await new Promise(resolve => setTimeout(resolve, 1000 / MAX_FPS))
}

/** Resolves when the kernel has taken all that waited. */
async function emptied(gateway: Gateway): Promise<void> {
  const until = performance.now() + EMPTY_MILLIS_MAX
  while (gateway.waiting().some(bytes => bytes > 0)) {
    assert(performance.now() < until, 'one that reads again takes nothing')
    await new Promise(resolve => setTimeout(resolve, EMPTY_POLL_MILLIS))
  }
}

/** What this process holds after a collection. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What the first lets go of outside the heap is counted until the second.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
