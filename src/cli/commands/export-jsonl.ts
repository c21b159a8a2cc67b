// `rollcast export jsonl`: a line of JSON for each episode, with all of its steps.
import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { RecordedVideos } from '../../export/recorded-videos.ts'
import { runName } from '../../export/run-name.ts'
import { asideOf, orDiskError, putInPlace, removeAside } from '../../media/place-file.ts'
import type { Predicate } from '../../protocol/predicate/syntax.ts'
import { findEpisode } from '../../replay/history.ts'
import { selectEpisodes } from '../../replay/select-episodes.ts'
import type { LogReader } from '../../store/event-log.ts'
import { episodeJson } from '../episode-json.ts'
import { catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { addWhere } from '../where.ts'
import { withLog } from '../with-log.ts'
import { counted } from '../wording.ts'

interface JsonlOptions {
  readonly output?: string
  readonly where?: Predicate
}

/** Text is written in pieces of about so many characters: a long episode is no long string. */
const CHUNK_CHARACTERS = 64 * 1024

export function addExportJsonl(exports: Command, output: Output): void {
  addWhere(exports.command('jsonl'), output, 'only episodes that are meant by the expression')
    .description('write a line of JSON for each episode, with its steps (docs/format.md)')
    .argument('<RUN>', 'run directory')
    .option('-o, --output <FILE>', 'default: stdout, as by -; replaced if there')
    .action((dir: string, options: JsonlOptions) =>
      writeJsonl(findRun(dir, output), options, output),
    )
}

async function writeJsonl(run: string, options: JsonlOptions, output: Output): Promise<void> {
  const { output: path = '-', where = { kind: 'all' } } = options
  if (path === '-') {
    return withLog(run, async reader => {
      const episodes = selectEpisodes(reader, where)
      for (const chunk of chunksOf(piecesOf(reader, episodes))) await output.write(chunk)
    })
  }
  const signal = catchInterrupts()
  const progress = new Progress(output, systemClock)
  await withLog(run, async reader => {
    const episodes = selectEpisodes(reader, where)
    const onEpisode = (done: number): void => {
      progress.update(done / episodes.length, `episode ${done + 1} of ${episodes.length}`)
    }
    const whole = await writeFile(path, chunksOf(piecesOf(reader, episodes, onEpisode)), signal)
    progress.end()
    if (whole) output.say(`${path}: ${counted(episodes.length, 'episode')}`)
  })
}

function* piecesOf(
  reader: LogReader,
  episodes: readonly number[],
  onEpisode: (done: number) => void = () => {},
): Generator<string> {
  const [first] = episodes
  if (first === undefined) return
  const { id } = runName(reader)
  const videos = new RecordedVideos(reader, findEpisode(reader, first).firstSeq)
  for (const [done, episode] of episodes.entries()) {
    onEpisode(done)
    const row = findEpisode(reader, episode)
    yield* episodeJson(reader, id, row, videos.of(episode))
    yield '\n'
  }
}

function* chunksOf(pieces: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

/** The file is there whole or not at all; false when it was interrupted. */
async function writeFile(
  path: string,
  chunks: Iterable<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const aside = asideOf(path)
  const file = orDiskError(path, 'making the file', () => openSync(aside, 'w'))
  try {
    for (const chunk of chunks) {
      // A disk that is nearly full takes a part of it; this goes on until all is written, or fails.
      orDiskError(path, 'writing the file', () => writeFileSync(file, chunk))
      // A signal is heard between two pieces.
      await systemClock.turn()
      if (signal.aborted) return false
    }
    putInPlace(path)
    return true
  } finally {
    closeSync(file)
    removeAside(path)
  }
}
