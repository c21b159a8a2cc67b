// What a run saw whose encoder is too slow by a known factor (record-outpaced.ts, in a process of its
// own, so that its memory is nobody else's).
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MIB } from '../src/base/bytes.ts'
import type { ProcessMemory } from './process-memory.ts'
import { SCENE_BYTES } from './scene.ts'

const program = fileURLToPath(new URL('./record-outpaced.ts', import.meta.url))

export interface Outpaced {
  readonly frames: number
  /** From the first frame to the last. */
  readonly seconds: number
  /** From the last frame until everything was encoded and saved. */
  readonly catchUpSeconds: number
  /** Of the process, while frames were handed in. */
  readonly samples: readonly ProcessMemory[]
  /** Of the encoder: on a machine that starves it, one frame may take longer than it may be silent. */
  readonly restarts: number
  readonly problems: readonly string[]
}

/** How many times too slow the encoder was, over all. */
export const tooSlowBy = ({ seconds, catchUpSeconds }: Outpaced): number =>
  (seconds + catchUpSeconds) / seconds

/** Pixels that waited in the log when the last frame came. */
export const backlogMib = (told: Outpaced): number =>
  (told.frames * (1 - 1 / tooSlowBy(told)) * SCENE_BYTES) / MIB

/** Records into `dir` for `seconds`, and for as long as the encoder takes then. */
export async function recordOutpaced(dir: string, seconds: number): Promise<Outpaced> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, dir, String(seconds)])
  return JSON.parse(stdout) as Outpaced
}
