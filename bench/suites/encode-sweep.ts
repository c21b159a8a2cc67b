// How many frames a second all encoders together make of several cameras, an encoder and a thread
// for each.
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { openLog } from '../../src/store/open-log.ts'
import { appendAll } from '../append-all.ts'
import { encodeAlone } from '../encoder-alone.ts'
import { SCENE, Scene } from '../scene.ts'
import { sceneEpisode } from '../scene-episode.ts'
import { inScratch } from '../scratch.ts'
import { growthOf, type Sweep } from '../suite.ts'
import { checkVideo, FPS } from './encode.ts'

const CAMERAS = [1, 2, 4, 8]
/** Of each camera. */
const FRAMES = 90

export const encodeSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 3)
  const frames = small ? 12 : FRAMES
  const ffmpeg = loadMedia()
  const scene = new Scene(48)
  const rates = new Map<number, number[]>()
  for (const cameras of small ? [1, 2] : CAMERAS) {
    await inScratch(async dir => {
      const { writer } = await openLog(dir)
      await appendAll(writer, sceneEpisode(scene, frames, cameras))
      await writer.close()
      const samples: number[] = []
      const video = { profile: 'fast', fps: FPS, keepFrames: true } as const
      for (let round = 0; round <= rounds; round++) {
        onProgress(`encode: ${cameras} cameras, round ${round} of ${rounds}`)
        const { seconds, videos } = await encodeAlone(dir, video, frames, cameras)
        assert(videos.length === cameras, `${videos.length} videos of ${cameras} cameras`)
        for (const { file } of videos) checkVideo(ffmpeg, join(dir, file), frames)
        samples.push((frames * cameras) / seconds)
      }
      // The first round warms up.
      rates.set(cameras, samples.slice(1))
    })
  }
  return {
    growth: [growthOf('encode.frames_per_second', 'frames/s', 'cameras', rates)],
    notes: [
      `${frames} frames of ${SCENE.width}x${SCENE.height} of each camera, all cameras together;` +
        ' profile fast; every video is decoded and its frames are looked at',
    ],
  }
}
