// `rollcast replay`: a recorded run once more, through the same actors and to the same page.
import { type Command, InvalidArgumentError } from 'commander'
import { aggregatorVersion } from '../../actors/aggregator/logic.ts'
import { crc32 } from '../../base/checksum.ts'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import type { Predicate } from '../../protocol/predicate/syntax.ts'
import { findEpisode } from '../../replay/history.ts'
import { selectEpisodes } from '../../replay/select-episodes.ts'
import type { Folded, Playing } from '../../runtime/play.ts'
import type { LogReader } from '../../store/event-log.ts'
import { integer, portNumber } from '../arguments.ts'
import { choosePort, hostOption, sayLink, tokenOption } from '../choose-port.ts'
import { exitCodes } from '../exit-codes.ts'
import { aborted, catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { addWhere } from '../where.ts'
import { withLog } from '../with-log.ts'
import { counted, grouped } from '../wording.ts'

const PROGRESS_MILLIS = 100

interface ReplayOptions {
  readonly speed?: number
  readonly port?: number
  readonly host: string
  readonly token?: true
  readonly to?: number
  readonly where?: Predicate
  readonly serve: boolean
  readonly check?: true
  readonly json?: true
}

export function addReplay(program: Command, output: Output): void {
  addWhere(program.command('replay'), output, 'show only episodes that are meant by the expression')
    .description('play a recorded run once more, on the same page as live')
    .argument('<DIR>', 'run directory')
    .option('--speed <FACTOR>', '1 is the original timing, 4 four times as fast, or max', speed)
    .option('--to <SEQ>', 'last event; default: the end of the log', integer(1))
    .option('--port <PORT>', 'port of the page, 0 for a free one; default: 7788', portNumber)
    .addOption(hostOption())
    .addOption(tokenOption())
    .option('--no-serve', 'no page: only fold the events, as the live run did')
    .option('--check', 'compare the outcome with what the live run recorded; 1 when they differ')
    .option('--json', 'one JSON object at the end')
    .action((dir: string, options: ReplayOptions, command: Command) => {
      if (options.check && options.to !== undefined) {
        command.error("error: option '--check' says itself how far to go, without '--to'")
      }
      if (options.token && (options.check || !options.serve)) {
        command.error("error: option '--token' is for a page, and none is served")
      }
      if (options.where && (options.check || !options.serve)) {
        command.error("error: option '--where' says what the page shows; all events are folded")
      }
      return options.check
        ? checkReplay(findRun(dir, output), options, output)
        : replay(findRun(dir, output), options, output)
    })
}

function speed(text: string): number {
  const factor = text === 'max' ? Number.POSITIVE_INFINITY : Number(text)
  if (text.trim() !== '' && factor > 0) return factor
  throw new InvalidArgumentError("Expected a positive number or 'max'.")
}

async function replay(run: string, options: ReplayOptions, output: Output): Promise<void> {
  const { startPlaying } = await import('../../runtime/play.ts')
  const signal = catchInterrupts()
  const port = options.serve ? await choosePort(options.port, output) : undefined
  const { host, token = false } = options
  const live = port === undefined ? undefined : { host, port, token }
  const { toSeq, episodes } = await withLog(run, reader => rangeOf(run, reader, options))
  const startedAt = systemClock.monotonic()
  const playing = await startPlaying({
    dir: run,
    task: 'replay',
    speed: options.speed ?? 1,
    toSeq,
    episodes,
    live,
  })
  const what = episodes ? `${counted(episodes.length, 'episode')} ` : ''
  if (playing.url) output.say(`${run}: replaying ${what}at ${playing.url}`)
  sayLink(playing.link, output)
  await watch(playing, toSeq, signal, output)
  let seconds = (systemClock.monotonic() - startedAt) / 1000
  if (playing.url && !options.json && !signal.aborted) {
    output.say('the replay has been played; its page stays until Ctrl-C')
    await aborted(signal)
  }
  const folded = await playing.close()
  // Without viewers the replay is over when everything has been folded.
  if (!playing.url) seconds = (systemClock.monotonic() - startedAt) / 1000
  const outcome = outcomeOf(folded, seconds)
  if (options.json) return output.writeJson({ run_dir: run, ...snakeCase(outcome) })
  output.say(outcomeLine(outcome))
}

/** How far to play, and which episodes; undefined: all. */
function rangeOf(
  run: string,
  reader: LogReader,
  { to: toSeq = reader.durable().seq, where }: ReplayOptions,
): { toSeq: number; episodes: number[] | undefined } {
  if (where === undefined) return { toSeq, episodes: undefined }
  const episodes = selectEpisodes(reader, where).filter(
    episode => findEpisode(reader, episode).lastSeq <= toSeq,
  )
  if (episodes.length > 0) return { toSeq, episodes }
  const message = 'expected episodes that --where means, found none'
  throw new RollcastError('NOT_FOUND', `${run}: ${message}`)
}

/** As fast as possible, unseen, as far as the live run's own projection goes. */
async function checkReplay(run: string, options: ReplayOptions, output: Output): Promise<void> {
  const { startPlaying } = await import('../../runtime/play.ts')
  const signal = catchInterrupts()
  const recorded = await withLog(run, reader => reader.snapshot('aggregator'))
  if (recorded === undefined) {
    throw new RollcastError('NOT_FOUND', `${run}: the live run recorded no projection`)
  }
  if (recorded.version !== aggregatorVersion) {
    const message = `expected version ${aggregatorVersion}, found ${recorded.version}`
    throw new RollcastError('LOG_VERSION', `${run}: the projection recorded: ${message}`)
  }
  const startedAt = systemClock.monotonic()
  const toSeq = recorded.position
  const playing = await startPlaying({
    dir: run,
    task: 'replay',
    speed: options.speed ?? Number.POSITIVE_INFINITY,
    toSeq,
  })
  await watch(playing, toSeq, signal, output)
  const folded = await playing.close()
  if (signal.aborted) return
  const outcome = outcomeOf(folded, (systemClock.monotonic() - startedAt) / 1000)
  const recordedCrc = crc32(recorded.bytes)
  const same = folded?.crc === recordedCrc && folded.seq === toSeq
  if (!same) process.exitCode = exitCodes.checkFailed
  if (options.json) {
    const check = { same, recordedSeq: toSeq, recordedCrc }
    return output.writeJson({ run_dir: run, ...snakeCase(outcome), ...snakeCase(check) })
  }
  output.say(outcomeLine(outcome))
  output.say(
    same
      ? `the same projection as the live run's, at event ${toSeq}`
      : `NOT the live run's projection: at event ${toSeq} that was ${hex(recordedCrc)}`,
  )
}

async function watch(
  playing: Playing,
  toSeq: number,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  const progress = new Progress(output, systemClock)
  const timer = setInterval(() => {
    const seq = playing.status?.newest.seq ?? 0
    progress.update(seq / Math.max(1, toSeq), `event ${grouped(seq)} of ${grouped(toSeq)}`)
  }, PROGRESS_MILLIS)
  try {
    await Promise.race([playing.replayed, aborted(signal)])
  } finally {
    clearInterval(timer)
    progress.end()
  }
}

interface Outcome {
  readonly events: number
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly projectionCrc: number | null
  readonly seq: number
}

function outcomeOf(folded: Folded | undefined, seconds: number): Outcome {
  const seq = folded?.seq ?? 0
  const projectionCrc = folded?.crc ?? null
  return { events: seq, seconds, eventsPerSecond: seq / seconds, projectionCrc, seq }
}

function outcomeLine({ events, seconds, eventsPerSecond, projectionCrc, seq }: Outcome): string {
  const rate = `${seconds.toFixed(2)} s, ${grouped(eventsPerSecond)} a second`
  const projection = projectionCrc === null ? '' : `; projection ${hex(projectionCrc)}`
  return `${counted(events, 'event')} in ${rate}${projection} at event ${seq}`
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')
