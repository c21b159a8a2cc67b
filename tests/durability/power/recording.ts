// Runs a program under recorder.c and reads what it did: one total order of calls on files below a
// directory, and of the words that it said. The simulated disk (disk.ts) makes crash images of it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../../../src/base/assert.ts'

const kinds = [
  'open',
  'close',
  'write',
  'truncate',
  'sync',
  'mkdir',
  'rename',
  'link',
  'remove',
  'say',
] as const

/** One call that succeeded. */
export interface Call {
  readonly kind: (typeof kinds)[number]
  readonly descriptor: number
  /** `write`: where; `truncate`: the new length; `open`: its flags. */
  readonly offset: number
  /** Monotonic milliseconds. */
  readonly beganMillis: number
  readonly endedMillis: number
  /** Relative to the recorded directory; '' is that directory. */
  readonly path: string
  /** What was written or said; for `rename` and `link` the new path, relative too. */
  readonly data: Buffer
}

const HEAD_BYTES = 40

/** The calls in file `path`, made below `root`. */
export function readRecording(path: string, root: string): Call[] {
  const bytes = readFileSync(path)
  const calls: Call[] = []
  const relative = (text: string): string => (text === '' ? '' : text.slice(root.length + 1))
  for (let at = 0; at < bytes.length; ) {
    const kind = kinds[bytes.readUInt32LE(at) - 1]
    assert(kind, `the recording is damaged at byte ${at}`)
    const pathEnd = at + HEAD_BYTES + bytes.readUInt32LE(at + 32)
    const end = pathEnd + bytes.readUInt32LE(at + 36)
    const data = bytes.subarray(pathEnd, end)
    calls.push({
      kind,
      descriptor: bytes.readInt32LE(at + 4),
      offset: Number(bytes.readBigInt64LE(at + 8)),
      beganMillis: Number(bytes.readBigUInt64LE(at + 16)) / 1e6,
      endedMillis: Number(bytes.readBigUInt64LE(at + 24)) / 1e6,
      path: relative(bytes.toString('utf8', at + HEAD_BYTES, pathEnd)),
      data: kind === 'rename' || kind === 'link' ? Buffer.from(relative(data.toString())) : data,
    })
    at = end
  }
  return calls
}

export interface Recording {
  /** The directory as the program left it. */
  readonly root: string
  readonly file: string
}

/** Compiles the recorder into `folder`; returns the library. */
export function compileRecorder(folder: string): string {
  const source = fileURLToPath(new URL('./recorder.c', import.meta.url))
  const library = join(folder, 'recorder.so')
  const built = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
  assert(built.status === 0, `gcc: ${built.stderr}`)
  return library
}

/** Runs the Node program `args` under the recorder until it ends or kills itself. */
export async function record(
  library: string,
  folder: string,
  args: readonly string[],
): Promise<Recording> {
  const recording = { root: join(folder, 'disk'), file: join(folder, 'calls') }
  mkdirSync(recording.root, { recursive: true })
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    RECORD_ROOT: recording.root,
    RECORD_TO: recording.file,
  }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  assert(signal === 'SIGKILL', `the recorded program ended by itself: ${code ?? signal}`)
  return recording
}
