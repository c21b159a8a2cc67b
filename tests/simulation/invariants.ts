// The 20 invariants of the specification, one function each, looked at after every step. Each makes
// a watch over a world: a function that looks at what is new and says what it found wrong, if
// anything. Where the simulation cannot hold what an invariant speaks of (videos, roles), its
// comment says what of it there is today.
import { framesAreAccountedFor, replayRepeats, snapshotsAreFolds } from './fold-invariants.ts'
import {
  restartsAreBounded,
  theDeadLeaveNothing,
  transitionsAreDeclared,
  viewersOnlyWatch,
} from './life-invariants.ts'
import {
  acknowledgedIsDurable,
  checksumsChain,
  durableNeverDecreases,
  noAckAfterAnError,
  nothingIsDoubled,
  numbersAreGapless,
  oneEpochAppends,
  promisesSettle,
  readersSeeAPrefix,
} from './log-invariants.ts'
import {
  losslessQueuesAddUp,
  lossyQueuesKeepTheNewest,
  ringReadsAreWhole,
  viewersAreBounded,
} from './queue-invariants.ts'
import type { Watch } from './watch.ts'
import type { World } from './world.ts'

export interface Invariant {
  readonly number: number
  readonly words: string
  watch(world: World): Watch
}

const invariant = (number: number, words: string, watch: (world: World) => Watch): Invariant => ({
  number,
  words,
  watch,
})

export const invariants: readonly Invariant[] = [
  invariant(1, 'numbers are 1 ... n without gap or repeat', numbersAreGapless),
  invariant(2, 'what is acknowledged is durable, and was emitted', acknowledgedIsDurable),
  invariant(3, 'a reader sees a prefix of the log', readersSeeAPrefix),
  invariant(4, 'every event passes checksum and chain', checksumsChain),
  invariant(5, 'nothing is in the log twice', nothingIsDoubled),
  invariant(6, 'one epoch appends, and epochs grow', oneEpochAppends),
  invariant(7, 'what is told to be durable is, and never decreases', durableNeverDecreases),
  invariant(8, 'nothing is acknowledged after an I/O error', noAckAfterAnError),
  invariant(9, 'no promise waits longer than its deadline', promisesSettle),
  invariant(10, 'the live state is the fold of the log', snapshotsAreFolds),
  invariant(11, 'two replays give the same bytes', replayRepeats),
  invariant(12, 'lossless queues add up, within their bounds', losslessQueuesAddUp),
  invariant(13, 'lossy queues keep the newest, in order', lossyQueuesKeepTheNewest),
  invariant(14, 'every accepted frame is accounted for', framesAreAccountedFor),
  invariant(15, 'the ring gives whole records', ringReadsAreWhole),
  invariant(16, 'restarts stay within the intensity', restartsAreBounded),
  invariant(17, 'lifecycles take declared transitions', transitionsAreDeclared),
  invariant(18, 'the dead leave nothing behind', theDeadLeaveNothing),
  invariant(19, 'viewers only watch', viewersOnlyWatch),
  invariant(20, 'what waits for viewers is bounded', viewersAreBounded),
]
