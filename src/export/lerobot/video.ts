// What the dataset needs done with videos. src/media does it with FFmpeg; this folder knows no codec.
import type { VideoFacts } from '../../media/examine-video.ts'

/** Work on video files. */
export interface VideoTool {
  /**
   * Joins `parts` into the new file `path` by stream copy: the first picture at 0, then one every
   * 1/fps seconds. The caller flushes it. An error of exit code 65 (BAD_INPUT) when they do not fit together.
   */
  concatenate(parts: readonly string[], path: string): unknown
  /** An error when the file is no video, or not whole. */
  examineVideo(path: string): VideoFacts | Promise<VideoFacts>
}
