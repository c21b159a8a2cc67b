import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ControlWords, createControlWords, letGo, states } from '../../src/runtime/control-words.ts'
import { createRing } from '../../src/streams/ring/layout.ts'
import { RingWriter } from '../../src/streams/ring/writer.ts'

/** Both ends of the words: the trainer's and the host's. */
function ends(): [trainer: ControlWords, host: ControlWords] {
  const shared = createControlWords()
  return [new ControlWords(shared), new ControlWords(shared)]
}

describe('control words', () => {
  test('start in the state starting, with nothing asked', () => {
    const [trainer] = ends()
    expect([trainer.state, trainer.ended]).toEqual([states.starting, false])
  })

  test('wake the host when the trainer asks for the end, or at once when it has asked', async () => {
    const [trainer, host] = ends()
    let asked = 0
    const next = host.closeAsked().then(millisMax => {
      asked = millisMax
    })
    await Promise.resolve()
    expect(asked).toBe(0)
    trainer.askToClose(1234.5)
    await next
    expect(asked).toBe(1234)
    // The host has planned with it.
    trainer.askToClose(10)
    expect(await host.closeAsked()).toBe(1234)
  })

  test('tell the trainer that the run has ended, in either way, without its event loop', () => {
    for (const state of [states.closed, states.failed]) {
      const [trainer, host] = ends()
      host.enter(states.recording)
      expect(trainer.waitEndedSync(5)).toBe(false)
      host.enter(state)
      expect(trainer.waitEndedSync(0)).toBe(true)
      expect(trainer.ended).toBe(true)
    }
  })

  test('S13: let go of who waits for a host that died, and only then', () => {
    const ring = createRing({ capacityBytes: 1024, ringId: 1 })
    const writer = new RingWriter(ring, systemClock)
    const [trainer, host] = ends()
    host.enter(states.closed)
    letGo(host, ring)
    expect([trainer.state, writer.consumerExpected]).toEqual([states.closed, true])
    host.enter(states.recording)
    letGo(host, ring)
    expect([trainer.state, writer.consumerExpected]).toEqual([states.failed, false])
    expect(writer.waitReleased(writer.position + 8, 60_000)).toBe(false)
  })
})
