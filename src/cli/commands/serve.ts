// `rollcast serve`: the pages of runs that other processes record, or have recorded.
import type { Command } from 'commander'
import { describeError } from '../../base/errors.ts'
import { checkRunsDirectory } from '../../store/run-directories.ts'
import { portNumber } from '../arguments.ts'
import { choosePort, hostOption, sayLink, tokenOption } from '../choose-port.ts'
import { aborted, catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { runsDirectory } from '../run-directory.ts'
import { counted } from '../wording.ts'

interface ServeOptions {
  readonly port?: number
  readonly host: string
  readonly token?: true
}

export function addServe(program: Command, output: Output): void {
  program
    .command('serve')
    .description('serve the pages of runs: live while recorded, else their newest episodes')
    .argument('[DIR]', `a run directory, or one that holds runs; default: ${runsDirectory}`)
    .option('--port <PORT>', 'port of the page, 0 for a free one; default: 7788', portNumber)
    .addOption(hostOption())
    .addOption(tokenOption())
    .action(async (given: string | undefined, options: ServeOptions) => {
      const { port, host, token = false } = options
      const { serveRuns } = await import('../../runtime/serve-runs.ts')
      const signal = catchInterrupts()
      const dir = given ?? runsDirectory
      if (given !== undefined) checkRunsDirectory(dir)
      const live = { host, token, port: await choosePort(port, output) }
      const onProblem = (run: string, error: unknown): void =>
        output.say(`${run}: it is not served any longer: ${describeError(error)}`)
      const serving = await serveRuns({ dir, live, onProblem })
      const runs = await serving.runs()
      const what = runs === 0 ? 'no run yet' : counted(runs, 'run')
      output.say(`${dir}: ${what}, served until Ctrl-C at`)
      await output.write(`${serving.url}\n`)
      sayLink(serving.link, output)
      await aborted(signal)
      await serving.close()
    })
}
