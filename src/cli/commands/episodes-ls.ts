// `rollcast episodes ls`: the episode index, newest first.
import type { Command } from 'commander'
import { limits } from '../../protocol/limits.ts'
import type { Predicate } from '../../protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../../protocol/projection.ts'
import { findEpisode, listEpisodes } from '../../replay/history.ts'
import { selectEpisodes } from '../../replay/select-episodes.ts'
import type { LogReader } from '../../store/event-log.ts'
import { integer } from '../arguments.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { type Column, tableLines } from '../table.ts'
import { addWhere } from '../where.ts'
import { withLog } from '../with-log.ts'
import { brief, stamp } from '../wording.ts'

interface ListOptions {
  readonly limit: number
  readonly before?: number
  readonly where?: Predicate
  readonly json?: true
}

export function addEpisodesList(episodes: Command, output: Output): void {
  addWhere(episodes.command('ls'), output, 'only episodes that are meant by the expression')
    .description('list finished episodes, newest first')
    .argument('<DIR>', 'run directory')
    .option('--limit <N>', 'most episodes listed', integer(1, 1_000_000), 20)
    .option('--before <EPISODE>', 'only episodes numbered below', integer(0))
    .option('--json', 'one JSON object')
    .action(async (dir: string, { limit, before, where, json }: ListOptions) => {
      const run = findRun(dir, output)
      const { rows, more } = await withLog(run, reader =>
        where ? selectRows(reader, where, limit, before) : readRows(reader, limit, before),
      )
      if (json) {
        return output.writeJson({ run_dir: run, episodes: rows.map(row => snakeCase(row)), more })
      }
      await output.writeLines(tableLines(episodeColumns, rows))
      const last = rows.at(-1)
      if (more && last) output.say(`there are more: --before ${last.episode}`)
    })
}

/** A row of the index as a person reads it. Times are UTC. */
export const episodeColumns: readonly Column<EpisodeRow>[] = [
  ['episode', row => row.episode],
  ['agent', row => row.agent],
  ['steps', row => row.steps],
  ['return', row => brief(row.totalReward)],
  ['stage', row => row.stage],
  ['reason', row => row.reason],
  ['released', row => row.released ?? null],
  ['ended', row => stamp(row.endTime)],
]

/** The predicate is asked from the first episode on, and the newest of those that it means are shown. */
function selectRows(
  reader: LogReader,
  where: Predicate,
  limit: number,
  before = Number.POSITIVE_INFINITY,
): { rows: EpisodeRow[]; more: boolean } {
  const selected = selectEpisodes(reader, where).filter(episode => episode < before)
  const newest = selected.slice(-limit).reverse()
  return {
    rows: newest.map(episode => findEpisode(reader, episode)),
    more: selected.length > newest.length,
  }
}

/** The index is read in pages; a listing may be longer than one. */
function readRows(
  reader: LogReader,
  limit: number,
  before: number | undefined,
): { rows: EpisodeRow[]; more: boolean } {
  const rows: EpisodeRow[] = []
  for (let below = before; ; ) {
    const pageLimit = Math.min(limit - rows.length, limits.episodePage)
    const page = listEpisodes(reader, {
      limit: pageLimit,
      ...(below === undefined ? {} : { before: below }),
    })
    rows.push(...page.rows)
    below = rows.at(-1)?.episode
    if (!page.more || rows.length >= limit) return { rows, more: page.more }
  }
}
