// `rollcast episodes show`: one finished episode, step by step.
import type { Command } from 'commander'
import type { EpisodeMaterial, HistoryStep } from '../../protocol/thread-messages.ts'
import { findEpisode, loadEpisode } from '../../replay/history.ts'
import { Pictures } from '../../replay/pictures.ts'
import { integer } from '../arguments.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { type Column, tableLines } from '../table.ts'
import { withLog } from '../with-log.ts'
import { brief } from '../wording.ts'
import { episodeColumns } from './episodes-ls.ts'

export function addEpisodesShow(episodes: Command, output: Output): void {
  episodes
    .command('show')
    .description('print one episode with its steps')
    .argument('<DIR>', 'run directory')
    .argument('<EPISODE>', 'number of the episode', integer(1))
    .option('--json', 'one JSON object')
    .action(async (dir: string, episode: number, { json }: { json?: true }) => {
      const run = findRun(dir, output)
      const material = await withLog(run, reader => {
        const pictures = new Pictures(reader, run)
        return loadEpisode(reader, findEpisode(reader, episode), pictures)
      })
      if (json) return output.writeJson({ run_dir: run, ...materialJson(material) })
      const { row, steps, thinnedBy } = material
      await output.writeLines([...tableLines(episodeColumns, [row]), ''])
      await output.writeLines(tableLines(columnsOf(steps), steps))
      if (thinnedBy > 1) output.say(`one step in ${thinnedBy} is shown`)
    })
}

const materialJson = ({ row, steps, ...rest }: EpisodeMaterial): object => ({
  row: snakeCase(row),
  steps: steps.map(step => snakeCase(step)),
  ...snakeCase(rest),
})

/** Only what some step has. */
function columnsOf(steps: readonly HistoryStep[]): Column<HistoryStep>[] {
  const listed = (values: readonly number[] | null): string | null =>
    values?.map(brief).join(' ') ?? null
  const columns: Column<HistoryStep>[] = [
    ['step', step => step.step],
    ['ms', step => Math.round(step.offsetMillis)],
    ['reward', step => brief(step.reward)],
    ['return', step => brief(step.cumulativeReward)],
  ]
  const { action } = steps.find(step => step.action !== null) ?? {}
  if (typeof action === 'number') columns.push(['action', step => step.action as number | null])
  else if (action) columns.push(['action', step => listed(step.action as number[] | null)])
  if (steps.some(step => step.position)) columns.push(['position', step => listed(step.position)])
  const meters = Object.keys(steps.find(step => step.meters)?.meters ?? {})
  for (const name of meters) {
    columns.push([name, step => step.meters?.[name]?.toFixed(2) ?? null])
  }
  return columns
}
