// Where a command's words go: data to stdout, everything said to a person to stderr. A reader of
// stdout that is slow slows the command down, and one that has gone ends it quietly.
import { once } from 'node:events'
import { styleText } from 'node:util'
import { describeError, errorExitCodes, RollcastError } from '../base/errors.ts'
import { jsonText } from './json-text.ts'

/** Text is written in pieces of about this size. */
const CHUNK_CHARACTERS = 64 * 1024
const clearLine = '\r\u001b[K'

type Style = Parameters<typeof styleText>[0]

export class Output {
  /** Whether a person watches. */
  readonly terminal = process.stderr.isTTY === true

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode)
      const code = error.code === 'ENOSPC' ? 'DISK_FULL' : 'CANNOT_CREATE'
      const message = `stdout: expected room for the answer, found ${error.message}`
      this.complain(new RollcastError(code, message, { cause: error }), false)
      process.exit(errorExitCodes[code])
    })
    // Whoever listened has gone; the command does not end for that.
    process.stderr.on('error', () => {})
  }

  /** Data. Resolves when there is room for more. */
  async write(text: string): Promise<void> {
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
  }

  /** Data, a line for each item, in pieces of bounded size. */
  async writeLines<Item>(
    items: Iterable<Item>,
    toLine: (item: Item) => string = String,
  ): Promise<void> {
    let chunk = ''
    for (const item of items) {
      chunk += `${toLine(item)}\n`
      if (chunk.length < CHUNK_CHARACTERS) continue
      await this.write(chunk)
      chunk = ''
    }
    await this.write(chunk)
  }

  /** Data: the only object on stdout. */
  writeJson(value: unknown): Promise<void> {
    return this.write(`${jsonText(value)}\n`)
  }

  /** A line for a person. */
  say(line: string): void {
    process.stderr.write(`${line}\n`)
  }

  /** Puts `line` in the place of the one that was put there before. On a terminal only. */
  rewrite(line: string): void {
    const columns = process.stderr.columns ?? 80
    process.stderr.write(clearLine + line.slice(0, columns - 1))
  }

  /** One clear line; with the stack, and those of its causes, when asked for. */
  complain(error: unknown, verbose: boolean): void {
    const described = describeError(error).replaceAll(/\s*\n\s*/g, ' ')
    const message = /^[A-Z_]+: /.test(described) ? described : `INTERNAL: ${described}`
    this.say(`${this.style('red', 'rollcast:')} ${message}`)
    if (!verbose) return
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      this.say(cause.stack ?? cause.message)
    }
  }

  /** Colours for stderr, where it is a terminal and `NO_COLOR` does not forbid it. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: process.stderr })
  }

  /** Resolves when everything written has been taken. */
  async flush(): Promise<void> {
    for (const stream of [process.stdout, process.stderr]) {
      await new Promise<void>(resolve => stream.write('', () => resolve()))
    }
  }
}
