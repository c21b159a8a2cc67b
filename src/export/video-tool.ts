// What a dataset needs done with videos, done by FFmpeg.

import { examineVideo } from '../media/examine-video.ts'
import type { Ffmpeg } from '../media/ffmpeg.ts'
import { concatenate } from '../media/remux.ts'
import type { VideoTool } from './lerobot/video.ts'

export const videoTool = (ffmpeg: Ffmpeg): VideoTool => ({
  concatenate: (parts, path) => concatenate(ffmpeg, parts, path, { isFlushed: false }),
  examineVideo: path => examineVideo(ffmpeg, path),
})
