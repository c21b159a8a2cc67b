// A hub in virtual time with an empty stage, new for every test of the file that imports it.
import { beforeEach } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Hub, type HubOptions } from '../../src/gateway/hub.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { noHistory, TestStage } from './stage.ts'

export let clock: SimulatedClock
export let stage: TestStage
export let hub: Hub

beforeEach(() => {
  clock = new SimulatedClock()
  stage = new TestStage()
  openHub()
})

/** In the place of the one that is there. */
export function openHub(options: Partial<HubOptions> = {}): void {
  hub = new Hub({ clock, stage, history: noHistory, ...options })
}

export function connect(hello: Record<string, unknown> = {}): FakeViewerSocket {
  const socket = new FakeViewerSocket()
  hub.attach(socket)
  socket.say({ type: 'hello', v: 1, ...hello })
  return socket
}

export const publish = (...publications: Parameters<Hub['publish']>[0]): void =>
  hub.publish(publications)

/** In slices, so that what one timer sets going happens before the next one fires. */
export async function advance(millis: number, sliceMillis = 10): Promise<void> {
  for (let passed = 0; passed < millis; passed += sliceMillis) {
    clock.advance(Math.min(sliceMillis, millis - passed))
    await settle()
  }
}
