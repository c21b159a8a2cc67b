// `rollcast export lerobot`: a run as a LeRobot dataset, and whether a directory is one.
import { type Command, Option } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import type { VideoProfile } from '../../media/profiles.ts'
import type { Predicate } from '../../protocol/predicate/syntax.ts'
import { findEpisode } from '../../replay/history.ts'
import { selectEpisodes } from '../../replay/select-episodes.ts'
import { checkFound } from '../../store/place.ts'
import { someText } from '../arguments.ts'
import { exitCodes } from '../exit-codes.ts'
import { catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { framesPerSecond, profileOption } from '../video-options.ts'
import { addWhere } from '../where.ts'
import { withLog } from '../with-log.ts'
import { counted, grouped } from '../wording.ts'

interface LerobotOptions {
  readonly output?: string
  readonly check?: string
  readonly where?: Predicate
  readonly fps?: number
  readonly profile: VideoProfile
  readonly task?: string
  readonly json?: true
}

export function addExportLerobot(exports: Command, output: Output): void {
  addWhere(exports.command('lerobot'), output, 'only episodes that are meant by the expression')
    .description('write a LeRobot dataset (v3.0), or add to it what is new; or check one')
    .argument('[RUN]', 'run directory')
    .option('-o, --output <DIR>', 'directory of the dataset; made when missing')
    .option('--fps <N>', 'rows a second; default: as the dataset or its video', framesPerSecond)
    .addOption(profileOption('lerobot'))
    .option('--task <TEXT>', "what is to be done; default: the run's name", someText)
    .addOption(
      new Option(
        '--check <DIR>',
        'only check the dataset in DIR; 1 when something is wrong',
      ).conflicts(['output', 'where', 'fps', 'task']),
    )
    .option('--json', 'one JSON object')
    .action((dir: string | undefined, options: LerobotOptions, command: Command) => {
      const { check, output: root } = options
      if (check !== undefined) {
        if (dir !== undefined) command.error("error: '--check DIR' takes no RUN")
        return checkLerobot(check, options, output)
      }
      if (dir === undefined || root === undefined) {
        return command.error("error: expected 'RUN -o DIR', or '--check DIR'")
      }
      return writeLerobot(findRun(dir, output), root, options, output)
    })
}

async function writeLerobot(
  run: string,
  root: string,
  { where = { kind: 'all' }, fps, profile, task, json }: LerobotOptions,
  output: Output,
): Promise<void> {
  const { exportLerobot } = await import('../../export/lerobot-export.ts')
  const signal = catchInterrupts()
  const progress = new Progress(output, systemClock)
  const refused: { episode: number; reason: string }[] = []
  const report = await withLog(run, reader => {
    const episodes = selectEpisodes(reader, where)
    let at = 0
    const tell = (more: string): void => {
      progress.update(at / episodes.length, `episode ${at + 1} of ${episodes.length}${more}`)
    }
    return exportLerobot({
      ...{ reader, runDir: run, root, episodes, profile, clock: systemClock, signal },
      rowOf: episode => findEpisode(reader, episode),
      ...(fps === undefined ? {} : { fps }),
      ...(task === undefined ? {} : { task }),
      onProgress: done => {
        at = done
        tell('')
      },
      onPicture: done => tell(`, frame ${done}`),
      onRefused: (episode, reason) => refused.push({ episode, reason }),
    })
  }).finally(() => progress.end())
  if (json) return output.writeJson({ run_dir: run, dataset: root, ...snakeCase(report), refused })
  for (const line of refusalLines(refused)) output.say(line)
  const { added, known, episodes, frames } = report
  const now = `${counted(episodes, 'episode')} with ${counted(frames, 'row')}`
  const cut = signal.aborted ? '; interrupted: the same command goes on' : ''
  const were = known > 0 ? `, ${grouped(known)} were there` : ''
  const out = refused.length > 0 ? `, ${refused.length} refused` : ''
  output.say(`${root}: ${counted(added, 'episode')} added${were}${out}: ${now}${cut}`)
}

/** Numbers that a line for people names. */
const NAMED_MAX = 8

/** A line for each reason. */
function refusalLines(refused: readonly { episode: number; reason: string }[]): string[] {
  const byReason = Map.groupBy(refused, ({ reason }) => reason)
  return [...byReason].map(([reason, all]) => {
    const named = all.slice(0, NAMED_MAX).map(({ episode }) => episode)
    const more = all.length > named.length ? `, and ${all.length - named.length} more` : ''
    return `refused: episode${all.length === 1 ? '' : 's'} ${named.join(', ')}${more}: ${reason}`
  })
}

async function checkLerobot(root: string, { json }: LerobotOptions, output: Output): Promise<void> {
  checkFound(root, 'the directory of a dataset')
  const { checkDataset } = await import('../../export/lerobot/check.ts')
  const { checks } = await import('../../export/lerobot/findings.ts')
  const { tool, lack } = await findVideoTool()
  const { findings, unchecked, episodes, frames } = await checkDataset(root, tool)
  if (findings.length > 0) process.exitCode = exitCodes.checkFailed
  if (json) return output.writeJson({ dataset: root, episodes, frames, findings, unchecked })
  await output.writeLines(findings, ({ check, where, text }) => `${check} ${where}: ${text}`)
  for (const check of unchecked) output.say(`not checked: ${check} ${checks[check]}`)
  if (unchecked.length > 0 && lack) output.say(lack)
  const verdict = findings.length > 0 ? counted(findings.length, 'fault') : 'nothing is wrong'
  const size = `${counted(episodes, 'episode')}, ${counted(frames, 'row')}`
  output.say(`${root}: ${size}: ${verdict}`)
}

/** Without FFmpeg all is checked but what is inside the videos. */
async function findVideoTool() {
  const { loadMedia } = await import('../../media/ffmpeg.ts')
  const { videoTool } = await import('../../export/video-tool.ts')
  try {
    return { tool: videoTool(loadMedia()) }
  } catch (error) {
    if (error instanceof RollcastError && error.code === 'UNAVAILABLE')
      return { lack: error.message }
    throw error
  }
}
