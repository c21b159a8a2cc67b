// What an encoder does about episodes that were given up (L19): those that it comes to late are not
// encoded, and the videos of those that it was early for are deleted, again after a crash.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from '../../base/names-in.ts'
import { syncPath } from '../../base/sync-path.ts'
import { unpackValue } from '../../protocol/codec.ts'
import type { EpisodeReleased } from '../../protocol/events.ts'
import type { EpisodeRow } from '../../protocol/projection.ts'
import { readVideoName, videoFolder } from '../../protocol/video-files.ts'
import type { LogReader } from '../../store/event-log.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'

/** True when the index says that `episode` was released: then its pixels are gone, or will be. */
export function isReleased(reader: LogReader, episode: number): boolean {
  const bytes = unlessDamaged(() => reader.episodeRow(episode))
  return bytes !== undefined && (unpackValue(bytes) as EpisodeRow).released !== undefined
}

/**
 * Deletes the videos that one camera of the run in `runDir` made of the episode; it does not matter
 * how many are there. When it returns, they do not come back after a loss of power either.
 */
export function deleteVideos(
  runDir: string,
  { agent, episode }: EpisodeReleased,
  camera: string,
): void {
  const folder = join(runDir, videoFolder(agent, camera))
  const files = namesIn(folder).filter(name => readVideoName(name)?.episode === episode)
  for (const name of files) rmSync(join(folder, name), { force: true })
  if (files.length > 0) syncPath(folder)
}
