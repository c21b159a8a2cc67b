// What a dataset needs done with videos, done by FFmpeg.
import { examineVideo } from '../media/examine-video.ts'
import type { Ffmpeg } from '../media/ffmpeg.ts'
import { placeCopy } from '../media/place-file.ts'
import { concatenate } from '../media/remux.ts'
import type { VideoTool } from './lerobot/video.ts'

export const videoTool = (ffmpeg: Ffmpeg): VideoTool => ({
  // Of one part the packets need not be looked at one by one: its stamps are right as they are.
  concatenate: (parts, path) =>
    parts.length === 1
      ? placeCopy(parts[0]!, path)
      : concatenate(ffmpeg, parts, path, { isFlushed: false }),
  examineVideo: path => examineVideo(ffmpeg, path),
})
