// Programs in processes of their own, runs in directories of their own, and waiting for what must
// become true. Everything that is made here is gone after the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Envelope } from '../../src/protocol/events.ts'
import { openLogReader } from '../../src/store/open-log.ts'

/** A new directory that is removed when the test ends; `/dev/shm` where the disk is not the point. */
export function tempDir(parent: string = tmpdir()): string {
  const dir = mkdtempSync(join(parent, 'rollcast-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Resolves to the first value of `probe` that is not undefined or false; fails after `millis`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  millis = 20_000,
): Promise<T> {
  const giveUpAt = performance.now() + millis
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (performance.now() > giveUpAt) throw new Error(`gave up waiting for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export interface Program {
  readonly process: ChildProcess
  readonly pid: number
  /** Objects that the program has printed, one JSON a line. */
  readonly said: Record<string, unknown>[]
  /** All of its stderr so far. */
  stderr(): string
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Waits until the program has said something with this key. */
  hears(key: string, millis?: number): Promise<Record<string, unknown>>
}

/** Runs `programs/<name>.child.ts` in a process of its own; it is killed when the test ends. */
export function runProgram(name: string, ...args: string[]): Program {
  const file = fileURLToPath(new URL(`./programs/${name}.child.ts`, import.meta.url))
  return runCommand(name, process.execPath, file, ...args)
}

/** The same for any command, which may run a program under another: that one says its `pid`. */
export function runCommand(name: string, command: string, ...args: string[]): Program {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Record<string, unknown>[] = []
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', line => {
    if (line.startsWith('{')) said.push(JSON.parse(line) as Record<string, unknown>)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  )
  let ended: string | undefined
  void exited.then(({ code, signal }) => {
    ended = `with ${signal ?? `exit code ${code}`}`
  })
  onTestFinished(async () => {
    const pid = said.find(line => typeof line['pid'] === 'number')?.['pid'] as number | undefined
    if (ended === undefined && pid !== undefined) process.kill(pid, 'SIGKILL')
    if (ended === undefined) child.kill('SIGKILL')
    await exited
  })
  return {
    process: child,
    pid: child.pid ?? -1,
    said,
    stderr: () => stderr,
    exited,
    hears: (key, millis) =>
      until(
        `${name} to say ${key} (stderr: ${stderr.slice(-500)})`,
        () => {
          if (ended !== undefined && !said.some(line => key in line)) {
            throw new Error(`${name} ended ${ended} before it said ${key}: ${stderr}`)
          }
          return said.find(line => key in line)
        },
        millis,
      ),
  }
}

/** Every event of a run that nobody writes any more. */
export async function readEvents(dir: string): Promise<Envelope[]> {
  const reader = openLogReader(dir)
  try {
    return [...reader.events({ fromSeq: 1 })]
  } finally {
    await reader.close()
  }
}
