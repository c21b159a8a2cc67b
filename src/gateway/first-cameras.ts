// A viewer has one picture of an agent: that of the camera which was there first.
import { limits } from '../protocol/limits.ts'
import type { LiveFrame } from '../protocol/thread-messages.ts'

type OfCamera = Pick<LiveFrame, 'agent' | 'camera'>

export class FirstCameras {
  readonly #cameras = new Map<string, string>()

  /** Whether it is the first of its agent, as far as is known. */
  has({ agent, camera }: OfCamera): boolean {
    return (this.#cameras.get(agent) ?? camera) === camera
  }

  /** The same of a camera that has a frame now. */
  note(frame: OfCamera): boolean {
    const { agent, camera } = frame
    if (!this.#cameras.has(agent) && this.#cameras.size < limits.layoutsMax) {
      this.#cameras.set(agent, camera)
    }
    return this.has(frame)
  }
}
