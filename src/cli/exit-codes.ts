// How the command line ends, as a number: sysexits for what went wrong, and a few of its own.
import { CommanderError } from 'commander'
import { errorExitCodes, RollcastError } from '../base/errors.ts'

export const exitCodes = {
  ok: 0,
  /** The asked-for check is false. */
  checkFailed: 1,
  usage: errorExitCodes.USAGE,
  /** The log cannot be opened. */
  damaged: errorExitCodes.LOG_CORRUPT,
  internal: errorExitCodes.INTERNAL,
} as const

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RollcastError) return errorExitCodes[error.code]
  // Commander throws for `--help` and `--version` too, with 0; the rest is bad usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  return exitCodes.internal
}
