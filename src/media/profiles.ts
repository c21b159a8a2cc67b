// How video is encoded, as data (V4). Options are FFmpeg's own, of the encoder or of any codec.
// Every profile has a GOP of 2 (random access decodes two frames at most), no B-frames (segments
// join by stream copy only without them), and a bitstream that does not depend on the number of
// cores, so that encoding the same frames again gives the same bytes.

/** An encoder and what it is told. */
export interface EncoderSetting {
  /** FFmpeg's name of an encoder, such as `libx264`. */
  readonly codec: string
  /** FFmpeg's name; `yuv420p` (or what comes closest among what the encoder takes) if left out. */
  readonly pixelFormat?: string
  readonly options: Readonly<Record<string, string | number>>
}

/**
 * What every setting starts from. Closed GOPs: SVT-AV1's are open otherwise, and then nothing but
 * the first frame of a file is a key frame.
 */
export const commonOptions: EncoderSetting['options'] = { g: 2, bf: 0, flags: '+cgop' }

/** What LeRobot's own recorder uses. */
const lerobot: EncoderSetting = {
  codec: 'libsvtav1',
  pixelFormat: 'yuv420p',
  // Looking ahead changes nothing in a GOP of 2 but how far the encoder lags behind.
  options: { crf: 30, preset: 12, 'svtav1-params': 'fast-decode=0:lookahead=0' },
}

/**
 * H.264 on one thread; no extra key frames where the scene changes. Nothing is looked ahead: in a GOP
 * of 2 that gains nothing, and what x264 then makes depends, once in a few hundred videos whose size
 * is no multiple of 16, on what was in its memory before.
 */
const fast: EncoderSetting = {
  codec: 'libx264',
  pixelFormat: 'yuv420p',
  options: { crf: 23, preset: 'veryfast', threads: 1, sc_threshold: 0, 'rc-lookahead': 0 },
}

export const profiles = { lerobot, fast } as const

/** What a caller may ask for. */
export type VideoProfile = keyof typeof profiles | 'auto' | EncoderSetting

/** What `auto` tries, the best first: small files and the convention, free processor, speed. */
export const autoCandidates: readonly EncoderSetting[] = [
  lerobot,
  { codec: 'h264_nvenc', pixelFormat: 'yuv420p', options: { preset: 'p4', rc: 'vbr', cq: 23 } },
  { codec: 'h264_qsv', pixelFormat: 'nv12', options: { preset: 'faster', global_quality: 23 } },
  fast,
  { ...fast, options: { ...fast.options, preset: 'ultrafast' } },
]

/** SVT-AV1 is not made for frames with a smaller side: with 16 pixels it hangs for ever. */
export const SVT_SIDE_MIN = 64
