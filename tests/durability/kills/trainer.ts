// The parent's end of trainer.child.ts: a whole run in a process of its own, also under strace.
import { join } from 'node:path'
import type { Envelope } from '../../../src/protocol/events.ts'
import type { LossWindow } from '../../../src/runtime/loss-window.ts'
import { type Program, runCommand } from '../../runtime/harness.ts'
import type { TrainerTask } from './trainer.child.ts'
import { compileCache } from './writer.ts'

/** What the trainer saw after a burst. */
export interface Look extends LossWindow {
  readonly recorded: number
  readonly told: boolean
  readonly at: number
}

export function startTrainer(task: TrainerTask, strace: readonly string[] = []): Program {
  const script = join(import.meta.dirname, 'trainer.child.ts')
  const node = ['env', `NODE_COMPILE_CACHE=${compileCache}`, process.execPath]
  const program = [...node, script, JSON.stringify(task)]
  const [command = '', ...args] = strace.length > 0 ? ['strace', ...strace, ...program] : program
  return runCommand('trainer', command, ...args)
}

export const looksOf = ({ said }: Program): Look[] =>
  said.filter(line => 'recorded' in line) as unknown as Look[]

/** The most steps that the trainer may have recorded, by what it had said before. */
export const stepsSaid = ({ said }: Program): number =>
  Math.max(0, ...said.map(line => Number(line['recording'] ?? line['recorded'] ?? 0)))

export interface Recorded {
  /** Positions of the steps, in the order of the log. */
  readonly steps: readonly number[]
  /** Events that the ring and its spill had no room for. */
  readonly gaps: number
}

/** What `epoch` left in the log. */
export function recordedIn(events: readonly Envelope[], epoch: number): Recorded {
  const own = events.filter(one => one.epoch === epoch)
  return {
    steps: own.flatMap(({ event }) =>
      event.type === 'step_taken' ? [event.position?.[0] ?? -1] : [],
    ),
    gaps: own.filter(({ event }) => event.type === 'gap_found').length,
  }
}
