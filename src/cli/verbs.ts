// The verbs of the command line, in the order in which help lists them. Only what is asked for is
// loaded: much of what one verb needs, no other does.
import type { Command } from 'commander'
import type { Output } from './output.ts'

type Add = (parent: Command, output: Output) => void
type Load = () => Promise<Add>
interface Group {
  readonly description: string
  readonly verbs: Readonly<Record<string, Load>>
}

const log: Group = {
  description: 'read and mend the log of a run',
  verbs: {
    tail: async () => (await import('./commands/log-tail.ts')).addLogTail,
    cat: async () => (await import('./commands/log-cat.ts')).addLogCat,
    stats: async () => (await import('./commands/log-stats.ts')).addLogStats,
    verify: async () => (await import('./commands/log-verify.ts')).addLogVerify,
    recover: async () => (await import('./commands/log-recover.ts')).addLogRecover,
    salvage: async () => (await import('./commands/log-salvage.ts')).addLogSalvage,
    compact: async () => (await import('./commands/log-compact.ts')).addLogCompact,
    takeover: async () => (await import('./commands/log-takeover.ts')).addLogTakeover,
  },
}

const episodes: Group = {
  description: 'finished episodes of a run',
  verbs: {
    ls: async () => (await import('./commands/episodes-ls.ts')).addEpisodesList,
    show: async () => (await import('./commands/episodes-show.ts')).addEpisodesShow,
  },
}

const exports: Group = {
  description: 'give a recorded run to other programs',
  verbs: {
    lerobot: async () => (await import('./commands/export-lerobot.ts')).addExportLerobot,
    mp4: async () => (await import('./commands/export-mp4.ts')).addExportMp4,
    jsonl: async () => (await import('./commands/export-jsonl.ts')).addExportJsonl,
  },
}

const token: Group = {
  description: 'who may see the page of a run that asks for a token',
  verbs: {
    add: async () => (await import('./commands/token-add.ts')).addTokenAdd,
    ls: async () => (await import('./commands/token-ls.ts')).addTokenList,
    revoke: async () => (await import('./commands/token-revoke.ts')).addTokenRevoke,
  },
}

const verbs: Readonly<Record<string, Load | Group>> = {
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  serve: async () => (await import('./commands/serve.ts')).addServe,
  replay: async () => (await import('./commands/replay.ts')).addReplay,
  log,
  episodes,
  export: exports,
  token,
  inspect: async () => (await import('./commands/inspect.ts')).addInspect,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
}

/** Gives `program` the verb that `argv` names; all that it may have meant where it names none. */
export async function addVerbs(
  program: Command,
  argv: readonly string[],
  output: Output,
): Promise<void> {
  const [first, second] = argv.filter(word => !word.startsWith('-'))
  for (const [name, verb] of meant(verbs, first)) {
    if (typeof verb === 'function') (await verb())(program, output)
    else await addGroup(program, name, verb, name === first ? second : undefined, output)
  }
}

async function addGroup(
  program: Command,
  name: string,
  { description, verbs }: Group,
  word: string | undefined,
  output: Output,
): Promise<void> {
  const group = program.command(name).helpCommand(false).description(description)
  for (const [, load] of meant(verbs, word)) (await load())(group, output)
}

/** The one that is named, or all. */
function meant<T>(all: Readonly<Record<string, T>>, name: string | undefined): [string, T][] {
  return Object.entries(all).filter(([each]) => !Object.hasOwn(all, name ?? '') || each === name)
}
