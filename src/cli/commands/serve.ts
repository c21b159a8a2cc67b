// `rollcast serve`: the page of a run that another process records, or has recorded.
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { portNumber } from '../arguments.ts'
import { choosePort, hostOption, sayLink, tokenOption } from '../choose-port.ts'
import { aborted, catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { findRun, runsDirectory } from '../run-directory.ts'

interface ServeOptions {
  readonly port?: number
  readonly host: string
  readonly token?: true
}

export function addServe(program: Command, output: Output): void {
  program
    .command('serve')
    .description('serve the page of a run: live while it is recorded, else its newest episodes')
    .argument('[DIR]', `run directory; default: ${runsDirectory}, or a page that waits`)
    .option('--port <PORT>', 'port of the page, 0 for a free one; default: 7788', portNumber)
    .addOption(hostOption())
    .addOption(tokenOption())
    .action(async (dir: string | undefined, options: ServeOptions) => {
      const { port, host, token = false } = options
      const { startPlaying } = await import('../../runtime/play.ts')
      const signal = catchInterrupts()
      const given = dir ?? (existsSync(runsDirectory) ? runsDirectory : undefined)
      const run = given === undefined ? null : findRun(given, output)
      const live = { host, token, port: await choosePort(port, output) }
      const playing = await startPlaying({ dir: run, task: 'serve', live })
      output.say(`${run ?? 'no run yet'}, served until Ctrl-C at`)
      await output.write(`${playing.url}\n`)
      sayLink(playing.link, output)
      // Never resolves; it rejects when the page cannot be served any longer.
      await Promise.race([aborted(signal), playing.replayed])
      await playing.close()
    })
}
