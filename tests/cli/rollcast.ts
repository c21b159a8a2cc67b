// The command line as a person would start it: a process of its own, whose words are collected.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const program = `${root}src/cli/main.ts`
const node = `${root}node_modules/.bin/node`

/** Nothing of the test runner's own wishes about colours reaches the program. */
function plainEnvironment(extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, NODE_OPTIONS: ___, DISPLAY: ____, ...rest } = process.env
  return { ...rest, PATH: `${root}node_modules/.bin:${process.env['PATH']}`, ...extra }
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** A command that runs. */
export class RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #onWord = (): void => {}

  constructor(command: string, args: readonly string[], { env = {}, cwd }: SpawnOptions) {
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: plainEnvironment(env),
      ...(cwd === undefined ? {} : { cwd }),
    })
    // A test that fails half way leaves nothing behind; one that has ended cannot be killed.
    onTestFinished(() => void this.child.kill('SIGKILL'))
    const { promise, resolve, reject } = Promise.withResolvers<Ended>()
    this.ended = promise
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#onWord()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#onWord()
    })
    this.child.once('error', reject)
    this.child.once('close', code => {
      resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
    })
  }

  /** Resolves when `pattern` has been said, on stdout or stderr; rejects when it ends before. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>()
    const look = (): void => {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
      if (match) found.resolve(match)
    }
    this.#onWord = look
    look()
    void this.ended.then(end => {
      look()
      found.reject(new Error(`it ended without saying ${pattern}: ${JSON.stringify(end)}`))
    })
    return found.promise
  }

  interrupt(): void {
    this.child.kill('SIGINT')
  }
}

/** Starts `rollcast ...args`. */
export const start = (args: readonly string[], options: SpawnOptions = {}): RunningCommand =>
  new RunningCommand(node, [program, ...args], options)

/** Runs `rollcast ...args` to its end. */
export const rollcast = (...args: readonly string[]): Promise<Ended> => start(args).ended

/** The same with stdout in a file. */
export function intoFile(path: string, ...args: readonly string[]): Promise<Ended> {
  const line = ['exec "$@" >"$0"', path, node, program, ...args]
  return new RunningCommand('sh', ['-c', ...line], {}).ended
}

/** The same on a terminal of its own, whose two streams are one. */
export function onTerminal(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const line = [node, program, ...args].map(word => `'${word}'`).join(' ')
  return new RunningCommand('script', ['-qec', line, '/dev/null'], options).ended
}

/** The only object on stdout. */
export const jsonOf = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>

/** The objects on stdout, one a line. */
export const jsonLinesOf = ({ stdout }: Ended): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
