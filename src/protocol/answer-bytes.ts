// What answers about the past take while they wait, as channels and lanes account them: about as many
// bytes as viewers get, which is more than their numbers take in memory.

import { numbersIn } from './thinned-steps.ts'
import type { EpisodeMaterial, HistoryAnswer, StillAnswer } from './thread-messages.ts'

const ROW_BYTES = 400
/** Of names and marks around a step's numbers. */
const STEP_BYTES = 200
const NUMBER_BYTES = 20
const HEADER_BYTES = 256

export const rowsBytes = (rows: readonly unknown[]): number =>
  HEADER_BYTES + rows.length * ROW_BYTES

export const materialBytes = ({ steps, globalSteps = [] }: EpisodeMaterial): number =>
  ROW_BYTES +
  steps.reduce((sum, step) => sum + STEP_BYTES + numbersIn(step) * NUMBER_BYTES, 0) +
  globalSteps.length * 2 * NUMBER_BYTES

export function answerBytes(answer: HistoryAnswer | StillAnswer): number {
  switch (answer.kind) {
    case 'episodes':
      return rowsBytes(answer.rows)
    case 'episode':
      return HEADER_BYTES + materialBytes(answer.material)
    case 'frames':
      return answer.frames.reduce(
        (sum, { pixels }) => sum + HEADER_BYTES + pixels.byteLength,
        HEADER_BYTES,
      )
    case 'frame':
      return HEADER_BYTES + (answer.frame?.pixels.byteLength ?? 0)
    case 'newest':
      return answer.batches.reduce(
        (sum, { records }) => sum + HEADER_BYTES + records.byteLength,
        HEADER_BYTES,
      )
    case 'still':
      return HEADER_BYTES + answer.bytes.byteLength
    case 'failed':
      return HEADER_BYTES + answer.message.length
  }
}
