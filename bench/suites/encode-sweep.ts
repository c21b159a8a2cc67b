// How many frames a second all encoders together make of several cameras, an encoder and a thread
// for each.
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { openLog } from '../../src/store/open-log.ts'
import { appendAll } from '../append-all.ts'
import { encodeAlone } from '../encoder-alone.ts'
import { interleave } from '../interleave.ts'
import { SCENE, Scene } from '../scene.ts'
import { sceneEpisode } from '../scene-episode.ts'
import { inScratch } from '../scratch.ts'
import { growthOf, type Sweep } from '../suite.ts'
import { checkVideo, FPS } from './encode.ts'

const CAMERAS = [1, 2, 4]
/** Of each camera. */
const FRAMES = 150

export const encodeSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 3)
  const frames = small ? 12 : FRAMES
  const ffmpeg = loadMedia()
  const scene = new Scene(48)
  const video = { profile: 'fast', fps: FPS, keepFrames: true } as const
  const cameraCounts = small ? [1, 2] : CAMERAS
  const rates = await inScratch(async scratch => {
    const dirOf = (cameras: number): string => join(scratch, String(cameras))
    for (const cameras of cameraCounts) {
      const { writer } = await openLog(dirOf(cameras))
      await appendAll(writer, sceneEpisode(scene, frames, cameras))
      await writer.close()
    }
    const contender = (cameras: number) => async (): Promise<number> => {
      const dir = dirOf(cameras)
      const { seconds, videos } = await encodeAlone(dir, video, frames, cameras)
      assert(videos.length === cameras, `${videos.length} videos of ${cameras} cameras`)
      for (const { file } of videos) checkVideo(ffmpeg, join(dir, file), frames)
      return (frames * cameras) / seconds
    }
    return await interleave(
      Object.fromEntries(cameraCounts.map(cameras => [cameras, contender(cameras)])),
      rounds,
      round =>
        onProgress(`encode: ${cameraCounts.join(', ')} cameras, round ${round} of ${rounds}`),
    )
  })
  const byCameras = new Map(cameraCounts.map(cameras => [cameras, rates[cameras]!]))
  return {
    growth: [growthOf('encode.frames_per_second', 'frames/s', 'cameras', byCameras)],
    notes: [
      `${frames} frames of ${SCENE.width}x${SCENE.height} of each camera, all cameras together, one` +
        ' number of cameras after the other in each round; profile fast',
      'every video is decoded in every round, and its frames are looked at',
    ],
  }
}
