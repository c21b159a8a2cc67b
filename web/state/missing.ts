// What of a replayed episode is not here: in words, and whether it is still to come.
import type { ReadyReplay, ReplayState } from './viewer-state.ts'

const isShort = ({ framesReceived, framesExpected }: ReadyReplay): boolean =>
  framesReceived < framesExpected

/** True while the server owes something of the replay. */
export const isOwed = (replay: ReplayState): boolean =>
  replay.phase === 'loading' ||
  (replay.phase === 'ready' && replay.problem === null && isShort(replay))

/** Empty when all is here. `stride`: one of so many frames is kept. */
export function missingNote(replay: ReadyReplay, stride: number): string {
  const { thinnedBy, framesExpected, framesReceived, problem } = replay
  const percent = Math.floor((100 * framesReceived) / framesExpected)
  const notes = [
    thinnedBy > 1 ? `every ${thinnedBy}th step` : '',
    stride > 1 ? `every ${stride}th frame` : '',
    isShort(replay) ? `frames ${percent} %` : '',
    problem ?? '',
  ]
  return notes.filter(note => note !== '').join(' · ')
}
