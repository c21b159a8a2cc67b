import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { decodeFrames, examineVideo } from '../../src/media/examine-video.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { clearUnfinished } from '../../src/media/place-file.ts'
import { openSegment } from '../../src/media/segment.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { begin, make, shapeOf } from './make-segment.ts'
import { picture, psnr } from './pictures.ts'

const ffmpeg = loadMedia()
const threads = fileURLToPath(new URL('./episodes.child.ts', import.meta.url))
const short = fileURLToPath(new URL('./open-and-close.child.ts', import.meta.url))
const child = fileURLToPath(new URL('./endless-segment.child.ts', import.meta.url))
const code = (name: string) => expect.objectContaining({ name: 'RollcastError', code: name })
/** Names of boxes at the top of an MP4 file. */
function boxes(path: string): string[] {
  const bytes = readFileSync(path)
  const names: string[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    names.push(bytes.toString('latin1', at + 4, at + 8))
  }
  return names
}

const inDirectory = (body: (at: (name: string) => string, dir: string) => void) =>
  withRunDirectory(async dir => body(name => join(dir, name), dir))

describe('a segment', () => {
  test.each(['lerobot', 'fast'] as const)(
    'V5: profile %s gives one frame each, at a constant rate, with key frames all the way',
    profile =>
      inDirectory(at => {
        const given = { width: 64, height: 64, profile, fps: 10 }
        const path = at('a.mp4')
        const result = make(ffmpeg, path, 5, given)
        expect(result).toEqual({
          frames: 5,
          bytes: statSync(path).size,
          ...{ width: 64, height: 64, fps: 10, pixelFormat: 'yuv420p' },
          codec: profile === 'lerobot' ? 'av1' : 'h264',
        })
        expect(examineVideo(ffmpeg, path)).toEqual({
          ...{ frames: 5, framesPromised: 5, width: 64, height: 64, fps: 10 },
          ...{ codec: result.codec, pixelFormat: 'yuv420p', hasOthers: false },
          ...{ timescale: 10240, durationTicks: 5120 },
          pts: [0, 1024, 2048, 3072, 4096],
          dts: [0, 1024, 2048, 3072, 4096],
          keyFrames: [0, 2, 4],
        })
        for (const frame of decodeFrames(ffmpeg, path)) {
          const original = picture(shapeOf(given), frame.index)
          expect(psnr(frame, original, shapeOf(given))).toBeGreaterThan(32)
        }
      })(),
  )

  test(
    'the index stands in front of the pictures',
    inDirectory(at => {
      make(ffmpeg, at('a.mp4'), 3)
      expect(boxes(at('a.mp4'))).toEqual(['ftyp', 'moov', 'free', 'mdat'])
    }),
  )

  test.each(['lerobot', 'fast'] as const)(
    'an episode of one frame works with profile %s',
    profile =>
      inDirectory(at => {
        make(ffmpeg, at('a.mp4'), 1, { width: 64, height: 64, profile })
        expect(examineVideo(ffmpeg, at('a.mp4'))).toMatchObject({ frames: 1, fps: 30 })
      })(),
  )

  test(
    'an episode of no frame is refused and leaves nothing',
    inDirectory((at, dir) => {
      expect(() => begin(ffmpeg, at('a.mp4')).finish()).toThrow(code('BAD_INPUT'))
      expect(readdirSync(dir)).toEqual([])
    }),
  )

  test(
    'V2: a frame of another size is refused and the segment goes on',
    inDirectory(at => {
      const segment = begin(ffmpeg, at('a.mp4'))
      const shape = shapeOf({})
      segment.encode(picture(shape, 0))
      expect(() => segment.encode(picture({ ...shape, width: 31 }, 1))).toThrow(
        'expected 2304 B of 32x24 rgb8, found 2232 B',
      )
      segment.encode(picture(shape, 1))
      expect(segment.finish().frames).toBe(2)
      expect(examineVideo(ffmpeg, at('a.mp4')).frames).toBe(2)
    }),
  )

  test.each(['lerobot', 'fast'] as const)(
    'V1: one that is discarded while encoder %s lags leaves nothing, and the old file stays',
    profile =>
      inDirectory((at, dir) => {
        const given = { width: 96, height: 80, profile }
        make(ffmpeg, at('a.mp4'), 2, given)
        const before = readFileSync(at('a.mp4'))
        const segment = begin(ffmpeg, at('a.mp4'), given)
        for (let number = 0; number < 30; number++) {
          segment.encode(picture(shapeOf(given), number))
        }
        segment.discard()
        segment.discard()
        expect(readdirSync(dir)).toEqual(['a.mp4'])
        expect(readFileSync(at('a.mp4')).equals(before)).toBe(true)
      })(),
  )

  test(
    'a codec that fails half-way says at which picture and leaves nothing',
    inDirectory((at, dir) => {
      const faults = { send: (index: number) => (index === 3 ? -12 : 0) }
      const segment = begin(ffmpeg, at('a.mp4'), { faults })
      for (let number = 0; number < 3; number++) segment.encode(picture(shapeOf({}), number))
      expect(() => segment.encode(picture(shapeOf({}), 3))).toThrow(
        'video: libx264, picture 3: FFmpeg says: Cannot allocate memory',
      )
      expect(readdirSync(dir)).toEqual([])
      expect(() => segment.encode(picture(shapeOf({}), 4))).toThrow('is over')
    }),
  )

  test(
    'a codec that swallows a picture is found out and leaves nothing',
    inDirectory((at, dir) => {
      // VP9 may leave out pictures when it is told to keep a rate that it cannot keep.
      const rate = { b: 1000, maxrate: 1000, minrate: 1000, bufsize: 1000 }
      const options = { ...rate, 'drop-threshold': 100 }
      const setting = { codec: 'libvpx-vp9', options: { ...options, deadline: 'realtime' } }
      const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * at * 7919) >> 5)
      const shape = { width: 64, height: 64, format: 'rgb8', fps: 30 } as const
      const choice = { ...setting, reason: 'test' }
      const segment = openSegment(ffmpeg, at('a.mp4'), { ...shape, choice })
      expect(() => {
        for (let number = 0; number < 60; number++) segment.encode(noise.map(x => x + number * 31))
        segment.finish()
      }).toThrow(code('VIDEO_FAILED'))
      expect(readdirSync(dir)).toEqual([])
    }),
  )

  test(
    'the same frames give the same bytes',
    inDirectory(at => {
      for (const profile of ['lerobot', 'fast'] as const) {
        const given = { width: 100, height: 76, profile }
        const [a, b] = ['a.mp4', 'b.mp4'].map(name => {
          make(ffmpeg, at(name), 12, given)
          return readFileSync(at(name))
        })
        expect(a!.equals(b!)).toBe(true)
      }
    }),
  )

  test(
    'two cameras of different sizes are encoded side by side, several episodes in a row',
    inDirectory(at => {
      for (const episode of [0, 1, 2]) {
        const sizes = [
          { width: 64, height: 64, profile: 'lerobot' },
          { width: 33, height: 21 },
        ] as const
        const segments = sizes.map((size, camera) =>
          begin(ffmpeg, at(`${camera}-${episode}.mp4`), size),
        )
        for (let number = 0; number < 7; number++) {
          segments.forEach((segment, camera) => {
            segment.encode(picture(shapeOf(sizes[camera]!), number))
          })
        }
        expect(segments.map(segment => segment.finish())).toMatchObject([
          { frames: 7, width: 64, height: 64 },
          { frames: 7, width: 33, height: 21 },
        ])
      }
    }),
  )

  test(
    'a name that looks like a protocol or a pattern is a name, and directories are made',
    inDirectory(at => {
      const path = at('http:/sub dir/%03d?.mp4')
      make(ffmpeg, path, 2)
      expect(examineVideo(ffmpeg, path).frames).toBe(2)
    }),
  )

  test(
    'a place that is taken by a directory or lies under a file cannot be created',
    inDirectory((at, dir) => {
      mkdirSync(at('a.mp4'))
      expect(() => make(ffmpeg, at('a.mp4'), 1)).toThrow(code('CANNOT_CREATE'))
      writeFileSync(at('file'), '')
      expect(() => begin(ffmpeg, at('file/a.mp4'))).toThrow(code('CANNOT_CREATE'))
      expect(readdirSync(dir).sort()).toEqual(['a.mp4', 'file'])
    }),
  )

  test(
    'a disk that is full in the middle is DISK_FULL and leaves nothing',
    inDirectory((at, dir) => {
      const script = `ulimit -f 8; exec ${process.execPath} ${child} ${at('a.mp4')}`
      const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }
      const { stdout, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env })
      expect(stdout).toMatch(
        /^began\nDISK_FULL: .*a\.mp4\.part: .*: FFmpeg says: File too large\n$/,
      )
      expect(status).toBe(0)
      expect(readdirSync(dir)).toEqual([])
    }),
  )

  test(
    'one whose process is killed leaves no file in its place, and what it left can be cleared',
    withRunDirectory(async dir => {
      const path = join(dir, 'a.mp4')
      const process_ = spawn(process.execPath, [child, path], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      await once(process_.stdout, 'data')
      process_.kill('SIGKILL')
      await once(process_, 'exit')
      expect(existsSync(path)).toBe(false)
      expect(readdirSync(dir)).toEqual(['a.mp4.part'])
      make(ffmpeg, path, 2)
      expect(readdirSync(dir)).toEqual(['a.mp4'])
      writeFileSync(`${path}.part`, '')
      clearUnfinished(dir)
      expect(readdirSync(dir)).toEqual(['a.mp4'])
    }),
  )

  test(
    'V8: one that was taken for dead, and goes on, changes nothing of what its successor made',
    inDirectory((at, dir) => {
      const late = begin(ffmpeg, at('a.mp4'))
      late.encode(picture(shapeOf({}), 0))
      const successor = begin(ffmpeg, at('a.mp4'))
      for (const number of [0, 1, 2]) successor.encode(picture(shapeOf({}), number))
      successor.finish()
      const whole = readFileSync(at('a.mp4'))
      // More than FFmpeg keeps in memory before it writes.
      const noise = Uint8Array.from({ length: 32 * 24 * 3 }, (_, at) => (at * at * 7919) >> 5)
      for (let number = 0; number < 200; number++) late.encode(noise.map(x => x + number * 31))
      expect(() => late.finish()).toThrow(code('NOT_FOUND'))
      expect(readFileSync(at('a.mp4')).equals(whole)).toBe(true)
      expect(readdirSync(dir)).toEqual(['a.mp4'])
    }),
  )

  test(
    'threads encode side by side, and one that throws in the middle hurts nobody',
    inDirectory((_, dir) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [threads, dir], {
        encoding: 'utf8',
      })
      const all = ['av1', 'odd'].flatMap(name => [0, 1, 2, 3, 4, 5].map(at => `${name}-${at}: 9`))
      const bad = ['bad-0: 9', 'bad-1: 9', 'bad-2: 9', 'bad: a programmer`s mistake']
      expect(stderr).toBe('')
      expect(status).toBe(0)
      expect(stdout.trim().split('\n').sort()).toEqual([...all, ...bad].sort())
      const left = readdirSync(dir).filter(name => name.endsWith('.part'))
      expect(left).toEqual(['bad-thrown.mp4.part'])
    }),
  )

  test(
    'V12 threads open and close SVT-AV1 at the same time, and die of errors in the middle',
    inDirectory((_, dir) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [short, dir, '100', '4'], {
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      expect(status).toBe(0)
      const deaths = Array.from({ length: 4 }, () => ['0 videos', 'a programmer`s mistake'])
      const lines = [...Array<string>(3).fill('100 videos'), ...deaths.flat()]
      expect(stdout.trim().split('\n').sort()).toEqual(lines.sort())
    }),
  )
})
