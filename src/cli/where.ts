// `--where EXPR`: the predicate language on the command line, the same for every command, with its
// error shown in its place.
import { type Command, Option } from 'commander'
import { fields } from '../protocol/predicate/fields.ts'
import { parsePredicate } from '../protocol/predicate/parse.ts'
import { type Predicate, PredicateError, pointAt } from '../protocol/predicate/syntax.ts'
import type { Output } from './output.ts'

const help = `
EXPR speaks of finished episodes: 'terminated and return < 0', 'length > 200 or stage changed',
'agent in (a, b) and not truncated', 'best(3)'. Fields:
${Object.entries(fields)
  .map(([name, { type, meaning }]) => `  ${name.padEnd(11)} ${type.padEnd(8)} ${meaning}`)
  .join('\n')}
Beside them: FIELD changed (since the agent's episode before), FIELD in (...), best(N) and worst(N) by
return, every(N), all; 'none' is the value of what was not said.`

/** Gives `command` the option `--where`, read as a predicate. */
export function addWhere(command: Command, output: Output, what: string): Command {
  return command
    .addOption(new Option('--where <EXPR>', what).argParser(text => readPredicate(text, output)))
    .addHelpText('after', help)
}

function readPredicate(text: string, output: Output): Predicate {
  try {
    return parsePredicate(text)
  } catch (error) {
    // A line break in the middle would put the pointer below something else.
    if (error instanceof PredicateError) output.say(pointAt(text.replaceAll(/\s/g, ' '), error))
    throw error
  }
}
