// Where the videos of a run are, below its directory: a folder for each camera, and a file for each
// part of an episode. A camera may have any name; its folder's leads nowhere else, and is its alone.
import { crc32 } from '../base/checksum.ts'

/** A part of an episode is closed after so many frames: what is in hand at a crash is made again. */
export const PART_FRAMES = 600

/** Longer names of folders are cut, with a checksum of the whole at their end. */
const FOLDER_LENGTH_MAX = 150

function cameraFolder(agent: string, camera: string): string {
  // An agent's name has none of these letters.
  const name = `${agent}~${encodeURIComponent(camera.toWellFormed()).replaceAll('~', '%7E')}`
  if (name.length <= FOLDER_LENGTH_MAX) return name
  const sum = crc32(new TextEncoder().encode(name)).toString(16).padStart(8, '0')
  return `${name.slice(0, FOLDER_LENGTH_MAX - 9)}~${sum}`
}

/** The folder of an agent's camera, as seen from the run's directory. */
export const videoFolder = (agent: string, camera: string): string =>
  `video/${cameraFolder(agent, camera)}`

/** The file of the part whose first frame is frame `fromIndex` of the episode. */
export function videoPath(
  agent: string,
  camera: string,
  episode: number,
  fromIndex: number,
): string {
  const name = `${String(episode).padStart(8, '0')}-${String(fromIndex).padStart(8, '0')}`
  return `${videoFolder(agent, camera)}/${name}.mp4`
}

/** What such a file's name says; undefined for any other. */
export function readVideoName(
  name: string,
): { readonly episode: number; readonly fromIndex: number } | undefined {
  const [, episode, fromIndex] = /^(\d{8,})-(\d{8,})\.mp4$/.exec(name) ?? []
  if (episode === undefined || fromIndex === undefined) return undefined
  return { episode: Number(episode), fromIndex: Number(fromIndex) }
}
