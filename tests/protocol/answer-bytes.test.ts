import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { episodeMessage } from '../../src/gateway/messages.ts'
import { answerBytes, materialBytes } from '../../src/protocol/answer-bytes.ts'
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import type {
  EpisodeMaterial,
  HistoryAnswer,
  StillAnswer,
} from '../../src/protocol/thread-messages.ts'
import { frameOf, materialOf, rowOf, stepOf } from '../gateway/stage.ts'

const values = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i))

const wide: EpisodeMaterial = {
  ...materialOf(1, 0),
  steps: Array.from({ length: 30 }, (_, i) => stepOf(i, { logits: values(5_000) })),
}
const long: EpisodeMaterial = {
  ...materialOf(2, 5_000),
  globalSteps: Array.from({ length: 500 }, (_, i) => [i * 1000.5, i] as const),
}

test('C1 an episode is accounted at about what viewers get, whether it is long or wide', () => {
  for (const material of [wide, long, materialOf(3, 10)]) {
    const real = stringifyMessage(episodeMessage('live', 1, material, 0)).length
    expect(materialBytes(material) / real).toBeGreaterThan(0.75)
    expect(materialBytes(material) / real).toBeLessThan(3)
  }
})

test('C1 no answer takes more on its way between threads than it is accounted at', () => {
  const answers: readonly (HistoryAnswer | StillAnswer)[] = [
    { id: 1, kind: 'episodes', rows: Array.from({ length: 200 }, (_, i) => rowOf(i)), next: 3 },
    ...[wide, long].map(material => ({ id: 2, kind: 'episode', material }) as const),
    { id: 3, kind: 'frames', frames: values(50).map((_, i) => frameOf(i, 30_000)), next: null },
    { id: 4, kind: 'frames', frames: [], next: null },
    { id: 7, kind: 'frame', frame: frameOf(1, 30_000) },
    { id: 8, kind: 'frame', frame: null },
    { id: 5, kind: 'still', bytes: new Uint8Array(100_000) },
    { id: 6, kind: 'failed', code: 'INTERNAL', message: 'it failed: '.repeat(100) },
  ]
  for (const answer of answers) {
    expect(serialize(answer).byteLength).toBeLessThanOrEqual(answerBytes(answer))
  }
})
