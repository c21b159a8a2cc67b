// What the dataset needs done with videos. src/media does it with FFmpeg; this folder knows no codec.

/** What is in a video file, found by reading it. */
export interface VideoFacts {
  /** Pictures in the file, counted, not computed from its duration. */
  readonly frames: number
  readonly width: number
  readonly height: number
  /** Canonical name: `av1`, `h264`, `hevc`; not the encoder's. */
  readonly codec: string
  /** As FFmpeg calls it, such as `yuv420p`. */
  readonly pixelFormat: string
  /** The container's average rate, frames a second. */
  readonly fps: number
  /** Ticks a second. */
  readonly timescale: number
  /** When each frame is shown, in ticks, in the order of the file. */
  readonly pts: readonly number[]
  /** When each has to be decoded; the same without B-frames. */
  readonly dts: readonly number[]
  readonly durationTicks: number
  /** Frames, in the order of the file, at which decoding can begin. */
  readonly keyFrames: readonly number[]
}

/** Work on video files. */
export interface VideoTool {
  /**
   * Joins `parts` into the new file `path` by stream copy: the first picture at 0, then one every
   * 1/fps seconds. An error of exit code 65 (BAD_INPUT) when they do not fit together.
   */
  concatenate(parts: readonly string[], path: string): unknown
  /** An error when the file is no video, or not whole. */
  examineVideo(path: string): VideoFacts | Promise<VideoFacts>
}
