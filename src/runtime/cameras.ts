// The cameras of one agent, by name. Each is declared with its first frame, keeps that frame's size
// and format (V2), and counts its frames from 0 in every episode.
import { RollcastError, typeName } from '../base/errors.ts'
import { bytesPerPixel, type FrameLayout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { LaneStream } from '../streams/fast-lane/stream.ts'
import { checkFrame, type FrameInput, isPixels } from './frame-input.ts'
import type { Ingress } from './ingress.ts'
import type { LanePublisher } from './lane-publisher.ts'

export interface Camera {
  readonly layout: FrameLayout
  /** What viewers want of it. */
  readonly stream: LaneStream | undefined
  /** Of its next frame. */
  index: number
}

export interface CamerasOptions {
  readonly agent: string
  /** Where viewers get the newest frames from; left out when there can be none. */
  readonly lane?: LanePublisher | undefined
  /** Whether the run makes video of them. Default true. */
  readonly isFilmed?: boolean
}

export class Cameras {
  readonly #agent: string
  readonly #ingress: Ingress
  readonly #lane: LanePublisher | undefined
  readonly #isFilmed: boolean
  readonly #cameras = new Map<string, Camera>()

  constructor(ingress: Ingress, { agent, lane, isFilmed = true }: CamerasOptions) {
    this.#agent = agent
    this.#ingress = ingress
    this.#lane = lane
    this.#isFilmed = isFilmed
  }

  /** An episode begins. */
  restart(): void {
    for (const camera of this.#cameras.values()) camera.index = 0
  }

  /** The camera of a frame. Throws BAD_FRAME, or UNAVAILABLE when there is no room to declare it. */
  of(frame: FrameInput): Camera {
    if (typeof frame !== 'object' || frame === null) {
      const found = typeName(frame)
      throw new RollcastError(
        'BAD_FRAME',
        `agent ${this.#agent}: expected a frame object, found ${found}`,
      )
    }
    const { width, height, data, format = 'rgb8', camera = 'main' } = frame
    const known = this.#cameras.get(camera)
    if (
      known?.layout.width === width &&
      known.layout.height === height &&
      known.layout.format === format &&
      isPixels(data) &&
      data.byteLength === width * height * bytesPerPixel[known.layout.format]
    ) {
      return known
    }
    checkFrame(this.#agent, camera, frame, known?.layout, this.#ingress.inlet.payloadBytesMax)
    return this.#declare({ camera, width, height, format })
  }

  #declare(shape: Pick<FrameLayout, 'camera' | 'width' | 'height' | 'format'>): Camera {
    const number = this.#ingress.nextLayout
    if (number < 0) {
      throw new RollcastError('BAD_FRAME', `a run has at most ${limits.layoutsMax} layouts`)
    }
    const { camera } = shape
    const layout: FrameLayout = {
      ...{ kind: 'frame', layout: number, agent: this.#agent, ...shape },
      ...(this.#isFilmed ? {} : { video: false }),
    }
    if (!this.#ingress.declare(layout)) {
      throw new RollcastError('UNAVAILABLE', `no room to declare camera ${camera}`)
    }
    const made = { layout, stream: this.#lane?.stream(layout), index: 0 }
    this.#cameras.set(camera, made)
    return made
  }
}
