import { describe, expect, test } from 'vitest'
import {
  ControlWords,
  commands,
  createControlWords,
  states,
} from '../../src/runtime/control-words.ts'

/** Both ends of the words: the trainer's and the host's. */
function ends(): [trainer: ControlWords, host: ControlWords] {
  const shared = createControlWords()
  return [new ControlWords(shared), new ControlWords(shared)]
}

describe('control words', () => {
  test('start with no command, in the state starting', () => {
    const [trainer] = ends()
    expect([trainer.command, trainer.state, trainer.ended]).toEqual([
      ...[commands.none, states.starting, false],
    ])
  })

  test('carry a command over, which a weaker one never replaces', () => {
    const [trainer, host] = ends()
    trainer.give(commands.closeNow)
    trainer.give(commands.close)
    expect(host.command).toBe(commands.closeNow)
  })

  test('wake the host at the next command, or at once when it has come before', async () => {
    const [trainer, host] = ends()
    const next = host.nextCommand(commands.none)
    trainer.give(commands.close)
    expect(await next).toBe(commands.close)
    expect(await host.nextCommand(commands.none)).toBe(commands.close)
    const stronger = host.nextCommand(commands.close)
    trainer.give(commands.closeNow)
    expect(await stronger).toBe(commands.closeNow)
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
