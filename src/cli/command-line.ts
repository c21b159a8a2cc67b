// The command line as a whole: its verbs, what all of them share, and how it ends.
import { Command, CommanderError } from 'commander'
import { softwareName } from '../runtime/software.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEpisodesList } from './commands/episodes-ls.ts'
import { addEpisodesShow } from './commands/episodes-show.ts'
import { addExportJsonl } from './commands/export-jsonl.ts'
import { addExportLerobot } from './commands/export-lerobot.ts'
import { addExportMp4 } from './commands/export-mp4.ts'
import { addInspect } from './commands/inspect.ts'
import { addLogCat } from './commands/log-cat.ts'
import { addLogCompact } from './commands/log-compact.ts'
import { addLogRecover } from './commands/log-recover.ts'
import { addLogSalvage } from './commands/log-salvage.ts'
import { addLogStats } from './commands/log-stats.ts'
import { addLogTail } from './commands/log-tail.ts'
import { addLogTakeover } from './commands/log-takeover.ts'
import { addLogVerify } from './commands/log-verify.ts'
import { addReplay } from './commands/replay.ts'
import { addServe } from './commands/serve.ts'
import { addTokenAdd } from './commands/token-add.ts'
import { addTokenList } from './commands/token-ls.ts'
import { addTokenRevoke } from './commands/token-revoke.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { Output } from './output.ts'

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
  const program = new Command('rollcast')
    .description('Flight recorder and live broadcaster of reinforcement-learning training.')
    .version(softwareName(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('--verbose', 'print stacks of errors')
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageLine(text, output)) })
  addDemo(program, output)
  addServe(program, output)
  addReplay(program, output)
  const log = program
    .command('log')
    .helpCommand(false)
    .description('read and mend the log of a run')
  addLogTail(log, output)
  addLogCat(log, output)
  addLogStats(log, output)
  addLogVerify(log, output)
  addLogRecover(log, output)
  addLogSalvage(log, output)
  addLogCompact(log, output)
  addLogTakeover(log, output)
  const episodes = program
    .command('episodes')
    .helpCommand(false)
    .description('finished episodes of a run')
  addEpisodesList(episodes, output)
  addEpisodesShow(episodes, output)
  const exports = program
    .command('export')
    .helpCommand(false)
    .description('give a recorded run to other programs')
  addExportLerobot(exports, output)
  addExportMp4(exports, output)
  addExportJsonl(exports, output)
  const token = program
    .command('token')
    .helpCommand(false)
    .description('who may see the page of a run that asks for a token')
  addTokenAdd(token, output)
  addTokenList(token, output)
  addTokenRevoke(token, output)
  addInspect(program, output)
  addDoctor(program, output)
  return program
}

/** `error: unknown option '--x'` -> `rollcast: USAGE: unknown option '--x' (see --help)`. */
function usageLine(text: string, output: Output): string {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
  return `${output.style('red', 'rollcast:')} USAGE: ${message} (see --help)\n`
}
