// The command line as a whole: what all its verbs share, and how it ends.
import { Command, CommanderError } from 'commander'
import { softwareName } from '../runtime/software.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { Output } from './output.ts'
import { addVerbs } from './verbs.ts'

const exitCodeHelp = `
Exit codes:
  0 ok   1 the asked-for check is false   2 usage   65 bad data   66 not found
  69 unavailable   70 internal   73 cannot create   75 busy   130 interrupted

What is said to people goes to stderr, data to stdout. DIR is the directory of a run, or one that
holds runs: then the newest is taken.`

/** Runs one command and ends the process when everything that it printed has been taken. */
export async function runCommandLine(argv: readonly string[]): Promise<never> {
  const output = new Output()
  // Commands wait for timers and files that do not keep a process alive by themselves.
  const keepAlive = setInterval(() => {}, 60_000)
  const program = buildProgram(output)
  try {
    await addVerbs(program, argv, output)
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    // Commander has already said what it had to say.
    if (!(error instanceof CommanderError)) output.complain(error, program.opts()['verbose'])
    process.exitCode ??= exitCodeOf(error)
  }
  clearInterval(keepAlive)
  await output.flush()
  process.exit(process.exitCode ?? exitCodes.ok)
}

function buildProgram(output: Output): Command {
  return new Command('rollcast')
    .description('Flight recorder and live broadcaster of reinforcement-learning training.')
    .version(softwareName(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('--verbose', 'print stacks of errors')
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageLine(text, output)) })
}

/** `error: unknown option '--x'` -> `rollcast: USAGE: unknown option '--x' (see --help)`. */
function usageLine(text: string, output: Output): string {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
  return `${output.style('red', 'rollcast:')} USAGE: ${message} (see --help)\n`
}
