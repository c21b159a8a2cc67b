// `rollcast export mp4`: one camera of one episode as one video file.
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import type { CameraTrack } from '../../export/camera-track.ts'
import type { VideoProfile } from '../../media/profiles.ts'
import type { EpisodeRow } from '../../protocol/projection.ts'
import { findEpisode } from '../../replay/history.ts'
import { integer } from '../arguments.ts'
import { catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { framesPerSecond, profileOption } from '../video-options.ts'
import { withLog } from '../with-log.ts'
import { counted } from '../wording.ts'

interface Mp4Options {
  readonly episode: number
  readonly agent?: string
  readonly camera?: string
  readonly output?: string
  readonly fps?: number
  readonly profile: VideoProfile
  readonly json?: true
}

export function addExportMp4(exports: Command, output: Output): void {
  exports
    .command('mp4')
    .description('write the video of an episode, every frame of it')
    .argument('<RUN>', 'run directory')
    .requiredOption('--episode <N>', 'number of the episode', integer(1))
    .option('--agent <NAME>', 'make sure that the episode is of this agent')
    .option('--camera <NAME>', 'which camera, when there are several')
    .option('-o, --output <FILE>', 'default: <run>-<episode>-<camera>.mp4; replaced if there')
    .option('--fps <N>', 'frames a second; default: as recorded, else 30', framesPerSecond)
    .addOption(profileOption('fast'))
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
What was encoded while recording is joined without encoding again, at any rate. Where there is no such
video, the frames are encoded out of the log. Parts of different makes do not join: their pictures are
encoded again where the log holds them no more, and that is said.`,
    )
    .action((dir: string, options: Mp4Options) => writeMp4(findRun(dir, output), options, output))
}

async function writeMp4(run: string, options: Mp4Options, output: Output): Promise<void> {
  const { loadMedia } = await import('../../media/ffmpeg.ts')
  const { makeVideo, openStudio } = await import('../../export/camera-video.ts')
  const { readTracks } = await import('../../export/episode-tracks.ts')
  const { RecordedVideos } = await import('../../export/recorded-videos.ts')
  const signal = catchInterrupts()
  const progress = new Progress(output, systemClock)
  await withLog(run, async reader => {
    const row = findEpisode(reader, options.episode)
    checkEpisode(row, options.agent)
    const track = chooseTrack(readTracks(reader, row), row, options.camera)
    const { camera } = track
    const name = `${basename(resolve(run))}-${row.episode}-${encodeURIComponent(camera)}.mp4`
    const file = options.output ?? name
    const facts = new RecordedVideos(reader, row.firstSeq).of(row.episode)
    const { profile, fps } = options
    const studio = openStudio({
      ...{ ffmpeg: loadMedia(), reader, runDir: run, profile, clock: systemClock, signal },
      onPicture: done => progress.update(done / track.length, `frame ${done} of ${track.length}`),
    })
    const made = await makeVideo(studio, track, facts, file, fps).finally(() => progress.end())
    if (options.json) {
      const { episode } = row
      return output.writeJson({
        run_dir: run,
        episode,
        camera,
        file,
        frames: track.length,
        ...made,
      })
    }
    const how = made.how === 'copied' ? made.how : `${made.how}: ${made.why}`
    output.say(`${file}: ${counted(track.length, 'frame')} of camera ${camera}, ${how}`)
  }).catch(error => {
    // Whoever pressed Ctrl-C knows why it ended; nothing of the file is left.
    if (!signal.aborted) throw error
  })
}

function checkEpisode({ episode, agent, released }: EpisodeRow, asked: string | undefined): void {
  if (released) {
    const message = `episode ${episode}: its frames and videos were given up (${released})`
    throw new RollcastError('NOT_FOUND', message)
  }
  if (asked === undefined || asked === agent) return
  const message = `episode ${episode}: expected one of agent ${asked}, found one of agent ${agent}`
  throw new RollcastError('NOT_FOUND', message)
}

function chooseTrack(
  tracks: ReadonlyMap<string, CameraTrack>,
  { episode }: EpisodeRow,
  asked: string | undefined,
): CameraTrack {
  const names = [...tracks.keys()]
  const [only] = tracks.values()
  if (!only) throw new RollcastError('NOT_FOUND', `episode ${episode} has no frames`)
  if (asked === undefined) {
    if (names.length === 1) return only
    const message = `episode ${episode} has several cameras; choose one by --camera`
    throw new RollcastError('USAGE', `${message}: ${names.join(', ')}`)
  }
  const track = tracks.get(asked)
  if (track) return track
  const message = `episode ${episode}: expected a camera of ${names.join(', ')}, found ${asked}`
  throw new RollcastError('NOT_FOUND', message)
}
