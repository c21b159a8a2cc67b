import { describe, expect, test } from 'vitest'
import { ControlWords, createControlWords, states } from '../../src/runtime/control-words.ts'

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
})
