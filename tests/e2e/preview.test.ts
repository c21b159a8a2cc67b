// V11 in a real browser: what is on the stage is what was recorded, whatever it travelled as.
import { mkdtempSync, rmSync } from 'node:fs'
import type { Page, WebSocket } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeFrameMessage } from '../../src/protocol/frame-message.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { start } from '../../src/runtime/run.ts'
import { picture } from '../media/pictures.ts'
import { until } from '../runtime/harness.ts'
import {
  declareBrowser,
  hasChromium,
  type StagePicture,
  stagePicture,
  useBrowser,
} from './browser.ts'

declareBrowser()

interface Shape {
  readonly width: number
  readonly height: number
}

const FRAME_MILLIS = 100

/** A few pictures, over and over, made beforehand: to make one takes as long as to record many. */
const picturesOf = (shape: Shape): readonly Uint8Array[] =>
  Array.from({ length: 5 }, (_, number) => picture({ ...shape, format: 'rgb8' }, number))

/** Records pictures of this size for the tests of a `describe`. The disk is not the point. */
function useRecording(shape: Shape): () => string {
  let url = ''
  let stop = async (): Promise<void> => {}
  beforeAll(async () => {
    const dir = mkdtempSync('/dev/shm/rollcast-preview-')
    const options = checkOptions({ dir, live: { port: 0 }, handleSignals: false })
    const run = await start(options, { faults: false })
    url = run.url ?? ''
    const recorder = run.recorder('camera')
    recorder.begin()
    const pictures = picturesOf(shape)
    let number = 0
    const timer = setInterval(() => {
      recorder.step({ reward: 1, action: number % 3 })
      recorder.frame({ ...shape, data: pictures[number++ % pictures.length]! })
    }, FRAME_MILLIS)
    stop = async () => {
      clearInterval(timer)
      await run.close()
      rmSync(dir, { recursive: true })
    }
  })
  afterAll(() => stop())
  return () => url
}

/** The formats of the frames that the page gets. */
function watchFormats(page: Page): Set<string> {
  const formats = new Set<string>()
  page.on('websocket', (socket: WebSocket) =>
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload !== 'string') formats.add(decodeFrameMessage(payload).format)
    }),
  )
  return formats
}

/** The mean difference of a colour, 0 to 255, from the picture that is nearest. */
function distance(shown: StagePicture, shape: Shape): number {
  expect(shown).toMatchObject(shape)
  let nearest = Number.POSITIVE_INFINITY
  for (const expected of picturesOf(shape)) {
    let sum = 0
    let count = 0
    for (let at = 0; at < expected.length; at += 3 * 97, count++) {
      for (let channel = 0; channel < 3; channel++) {
        sum += Math.abs(expected[at + channel]! - shown.pixels[(at / 3) * 4 + channel]!)
      }
    }
    nearest = Math.min(nearest, sum / count / 3)
  }
  return nearest
}

const ONLY_PAGE = (): void => {
  Reflect.deleteProperty(HTMLCanvasElement.prototype, 'transferControlToOffscreen')
}

describe.skipIf(!hasChromium)('V11 the stage', () => {
  const open = useBrowser()

  async function expectPicture(page: Page, shape: Shape, nearerThan: number): Promise<void> {
    const shown = await until('a picture on the stage', async () => {
      const found = await stagePicture(page)
      return found?.pixels.some((value, at) => at % 4 < 3 && value > 0) && found
    })
    expect(distance(shown, shape)).toBeLessThan(nearerThan)
    await until('the next picture', async () => {
      const next = await stagePicture(page)
      return next !== null && Buffer.compare(next.pixels, shown.pixels) !== 0
    })
  }

  describe('of small pictures', () => {
    const shape = { width: 160, height: 210 }
    const recording = useRecording(shape)

    test('shows 160x210 by its pixels, exactly', async () => {
      let formats = new Set<string>()
      const { page, errors } = await open(recording(), opened => {
        formats = watchFormats(opened)
      })
      await expectPicture(page, shape, 0.001)
      expect([...formats]).toEqual(['rgb8'])
      expect(errors).toEqual([])
    })

    test('shows them in a browser without OffscreenCanvas', async () => {
      const { page, errors } = await open(recording(), opened => opened.addInitScript(ONLY_PAGE))
      await expectPicture(page, shape, 0.001)
      expect(page.workers()).toEqual([])
      expect(errors).toEqual([])
    })
  })

  describe('of large pictures', () => {
    const shape = { width: 640, height: 480 }
    const recording = useRecording(shape)

    test('shows 640x480 by JPEG, near to what was recorded', async () => {
      let formats = new Set<string>()
      const { page, errors } = await open(recording(), opened => {
        formats = watchFormats(opened)
      })
      await expectPicture(page, shape, 3)
      expect([...formats]).toEqual(['jpeg'])
      expect(errors).toEqual([])
    })

    test('shows them in a browser without OffscreenCanvas', async () => {
      const { page, errors } = await open(recording(), opened => opened.addInitScript(ONLY_PAGE))
      await expectPicture(page, shape, 3)
      expect(page.workers()).toEqual([])
      expect(errors).toEqual([])
    })

    test('shows them in a browser that decodes by Blob only, or converts no colours', async () => {
      const lacking = [
        () => Reflect.deleteProperty(globalThis, 'ImageDecoder'),
        () => {
          VideoFrame.prototype.copyTo = () => Promise.reject(new Error('not in this browser'))
        },
      ]
      for (const lack of lacking) {
        let formats = new Set<string>()
        const { page, errors } = await open(recording(), async opened => {
          formats = watchFormats(opened)
          await opened.addInitScript(ONLY_PAGE)
          await opened.addInitScript(lack)
        })
        await expectPicture(page, shape, 3)
        expect([...formats]).toEqual(['jpeg'])
        expect(errors).toEqual([])
      }
    })

    test('goes on in the page when the drawing thread cannot be loaded', async () => {
      const { page } = await open(recording(), opened =>
        opened.route(/drawing/, route => route.abort()),
      )
      await expectPicture(page, shape, 3)
    })

    test('gets pixels once a picture could not be decoded', async () => {
      let formats = new Set<string>()
      const { page } = await open(recording(), async opened => {
        formats = watchFormats(opened)
        await opened.addInitScript(ONLY_PAGE)
        await opened.addInitScript(() => {
          globalThis.createImageBitmap = () => Promise.reject(new Error('not in this browser'))
          ImageDecoder.prototype.decode = () => Promise.reject(new Error('not in this browser'))
        })
      })
      await expectPicture(page, shape, 0.001)
      await page.getByText(/this browser cannot show pictures/).waitFor()
      expect([...formats].toSorted()).toEqual(['jpeg', 'rgb8'])
    })
  })
})
