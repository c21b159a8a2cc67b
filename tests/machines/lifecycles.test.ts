// What each lifecycle promises beyond its graph: the commands that it gives and when time moves it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { SimulatedClock } from '../../src/base/clock.ts'
import { breakerMachine } from '../../src/machines/breaker.machine.ts'
import { machineClock } from '../../src/machines/machine-clock.ts'
import type { MachineName } from '../../src/machines/registry.ts'
import { alphabets, type Letter, type Performer, perform } from './alphabet.ts'

function play(name: MachineName, letters: readonly Letter[], input?: unknown): Performer {
  const performer = perform(name, input)
  for (const letter of letters) performer.play(letter)
  return performer
}

const event = (type: string, more: object = {}): Letter => ({ type, ...more })
const types = ({ commands }: Performer): string[] => commands.map(command => command.type)
const toRunning = [event('opened'), event('recovered')]

describe('actor', () => {
  test('A1 each state gives its command once, and the last is close', () => {
    const performer = play('actor', [...toRunning, event('drain'), event('drained')])
    expect(types(performer)).toEqual(['open', 'recover', 'run', 'drain', 'close'])
    expect(performer.state()).toBe('stopped')
  })

  test('A1 who is asked to drain before it runs does so, as long as its host lets it', () => {
    for (const early of [
      [event('drain'), ...toRunning],
      [event('opened'), event('drain'), event('recovered')],
    ]) {
      const performer = play('actor', early)
      expect(types(performer)).toEqual(['open', 'recover', 'run', 'drain'])
      performer.play(600_000)
      expect(performer.state()).toBe('draining')
      performer.play(event('stop'))
      expect(performer.state()).toBe('stopped')
    }
  })
})

describe('recorder', () => {
  test('P7: after a disk error it never runs again, whatever happens', () => {
    const letters: readonly Letter[] = alphabets.recorder.letters
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...letters)), sequence => {
        const performer = play('recorder', [
          ...toRunning,
          event('diskFailed', { reason: 'EIO' }),
          ...sequence,
        ])
        expect(types(performer).slice(0, 4)).toEqual(['open', 'recover', 'run', 'seal'])
        expect(types(performer).slice(4)).not.toContain('run')
        expect(types(performer).slice(4)).not.toContain('drain')
      }),
    )
  })

  test('P7: health is red and says why', () => {
    const snapshot = play('recorder', [
      ...toRunning,
      event('diskFailed', { reason: 'ENOSPC' }),
    ]).snapshot()
    expect(snapshot.hasTag('red')).toBe(true)
    expect(snapshot.context.reason).toBe('ENOSPC')
  })

  test('P7 D5: a full disk is waited for, in red, and may fail for good meanwhile', () => {
    const full = [...toRunning, event('diskFull', { reason: 'no room' })]
    const waiting = play('recorder', full)
    expect(waiting.state()).toBe('waitingForRoom')
    expect(waiting.snapshot().hasTag('red')).toBe(true)
    expect(waiting.snapshot().context.reason).toBe('no room')
    expect(types(waiting).at(-1)).toBe('waitForRoom')
    const back = play('recorder', [...full, event('roomFound')])
    expect(back.state()).toBe('running')
    expect(back.snapshot().hasTag('red')).toBe(false)
    expect(back.snapshot().context.reason).toBeNull()
    const failed = play('recorder', [...full, event('diskFailed', { reason: 'EIO' })])
    expect(failed.state()).toBe('failedStop')
  })

  test('P5: a lock that another holds is a refusal, not a failure to be retried', () => {
    const refused = play('recorder', [event('refused', { reason: 'held by pid 7' })])
    expect(refused.state()).toBe('refused')
    expect(refused.snapshot().context.reason).toBe('held by pid 7')
  })
})

test('encoder: a lag warns, with its reason, until it is over', () => {
  const lagging = play('encoder', [...toRunning, event('lagRose', { reason: '2 GiB behind' })])
  expect(lagging.state()).toBe('running.lagging')
  expect(lagging.snapshot().hasTag('yellow')).toBe(true)
  expect(lagging.snapshot().context.reason).toBe('2 GiB behind')
  lagging.play(event('lagRose', { reason: 'no room' }))
  expect(lagging.snapshot().context.reason).toBe('no room')
  lagging.play(event('caughtUp'))
  expect(lagging.state()).toBe('running.live')
  expect(lagging.snapshot().context.reason).toBeNull()
})

describe('dataset', () => {
  test('X6 says why it waits, until it does not', () => {
    const waiting = play('dataset', [...toRunning, event('lockedOut', { reason: 'pid 7 has it' })])
    expect(waiting.state()).toBe('running.lockedOut')
    expect(waiting.snapshot().hasTag('yellow')).toBe(true)
    expect(waiting.snapshot().context.reason).toBe('pid 7 has it')
    waiting.play(event('hindered', { reason: 'no room' }))
    expect(waiting.state()).toBe('running.hindered')
    expect(waiting.snapshot().context.reason).toBe('no room')
    waiting.play(event('freed'))
    expect(waiting.state()).toBe('running.working')
    expect(waiting.snapshot().context.reason).toBeNull()
  })
})

test('aggregator: with and without a snapshot it folds the tail before it runs', () => {
  for (const found of ['snapshotRestored', 'snapshotRejected']) {
    const performer = play('aggregator', [event('opened'), event('recovered'), event(found)])
    expect(performer.state()).toBe('recovering.folding')
    performer.play(event('recovered'))
    expect(types(performer)).toEqual(['open', 'restore', 'fold', 'run'])
  }
})

describe('broadcaster', () => {
  test('L9: auto is live while a trainer is attached, and says so', () => {
    const performer = play('broadcaster', [
      ...toRunning,
      event('trainerAttached'),
      event('trainerLeft'),
      event('trainerAttached'),
    ])
    const shown = performer.commands.filter(({ type }) => type === 'show')
    expect(shown.map(command => command['mode'])).toEqual([
      'checkpoint',
      'live',
      'checkpoint',
      'live',
    ])
    expect(performer.state()).toBe('running.feed.listening+running.mode.live')
  })

  test('L9: a mode that was chosen stays when the trainer comes and goes', () => {
    const input = { mode: 'replay', trainerAttached: true }
    const performer = play('broadcaster', [...toRunning, event('trainerLeft')], input)
    expect(performer.state()).toBe('running.feed.listening+running.mode.replay')
  })

  test('a trainer that attached before it ran is not forgotten', () => {
    const performer = play('broadcaster', [event('trainerAttached'), ...toRunning])
    expect(performer.state()).toBe('running.feed.listening+running.mode.live')
  })

  test('without its feed it is degraded and keeps its mode', () => {
    const performer = play('broadcaster', [...toRunning, event('feedLost', { reason: 'recorder' })])
    expect(performer.state()).toBe('running.feed.degraded+running.mode.checkpoint')
    expect(performer.snapshot().context.reason).toBe('recorder')
  })
})

describe('episode', () => {
  test('L2: it is committed exactly once if it began, whatever comes after its end', () => {
    const letters: readonly Letter[] = alphabets.episode.letters
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...letters)), sequence => {
        const performer = play('episode', [event('began', { episode: 1 }), ...sequence])
        const { status, context } = performer.snapshot()
        const committed = { type: 'commit', episode: 1, reason: context.reason }
        expect(performer.commands).toEqual(status === 'done' ? [committed] : [])
      }),
    )
  })

  test('L2: it is over when another begins, and not when it begins twice', () => {
    const performer = play('episode', [
      event('began', { episode: 1 }),
      event('began', { episode: 1 }),
    ])
    expect(performer.state()).toBe('open')
    performer.play(event('began', { episode: 2 }))
    expect(performer.commands).toEqual([{ type: 'commit', episode: 1, reason: 'superseded' }])
  })
})

describe('viewer', () => {
  const hello = event('helloReceived', { mode: 'paced' })

  test('one that says no hello is closed', () => {
    const performer = play('viewer', [5000])
    expect(performer.commands).toEqual([{ type: 'close', reason: 'helloTimeout' }])
    performer.play(2000)
    expect(performer.state()).toBe('closed')
    expect(types(performer).at(-1)).toBe('release')
  })

  test('one that stalls is shed, then brought up to date in the mode that it had', () => {
    const performer = play('viewer', [hello, event('bufferFilled'), event('bufferDrained')])
    expect(performer.state()).toBe('playing.paced')
    expect(types(performer)).toEqual(['follow', 'shed', 'resync', 'follow'])
  })

  test('one that stalls for too long is closed as too slow', () => {
    const performer = play('viewer', [hello, event('bufferFilled'), 9999])
    expect(performer.state()).toBe('stalled')
    performer.play(1)
    expect(performer.commands.at(-1)).toEqual({ type: 'close', reason: 'tooSlow' })
  })

  test('U3 one that stalls and reads bit by bit is shed once, and has its time anew', () => {
    const bits = [event('bufferMoved'), 9999, event('bufferMoved'), 9999]
    const performer = play('viewer', [hello, event('bufferFilled'), 9999, ...bits])
    expect(performer.state()).toBe('stalled')
    expect(types(performer)).toEqual(['follow', 'shed'])
    performer.play(1)
    expect(performer.commands.at(-1)).toEqual({ type: 'close', reason: 'tooSlow' })
  })

  test('L16: a pause holds, and playing goes on where it was or jumps to live', () => {
    const paused = [hello, event('pause')]
    expect(play('viewer', [...paused, event('resume')]).state()).toBe('playing.paced')
    const jumped = play('viewer', [...paused, event('modeChosen', { mode: 'live' })])
    expect(jumped.state()).toBe('playing.live')
    expect(types(jumped)).toEqual(['follow', 'hold', 'resync', 'follow'])
  })
})

describe('run', () => {
  const closing = [event('started'), event('close')]

  test('it closes by draining, then committing, then letting go', () => {
    const performer = play('run', [...closing, event('drained'), event('committed')])
    expect(performer.state()).toBe('closed')
    expect(types(performer)).toEqual(['start', 'drain', 'commit', 'release'])
  })

  test('closing has one deadline for all its parts', () => {
    const performer = play('run', [...closing, 3000, event('drained'), 1999])
    expect(performer.state()).toBe('closing.committing')
    performer.play(1)
    expect(performer.state()).toBe('failed')
    expect(performer.snapshot().context.reason).toBe('did not drain and commit within 5000 ms')
  })

  test('P7: a log that failed does not end the run, but the run ends as failed', () => {
    const performer = play('run', [event('started'), event('logFailed', { reason: 'EIO' })])
    expect(performer.state()).toBe('recording.readOnly')
    performer.play(event('close'))
    performer.play(event('drained'))
    expect(performer.state()).toBe('failed')
    expect(types(performer)).not.toContain('commit')
    expect(performer.snapshot().context.reason).toBe('EIO')
  })

  test('P7 D5: a log that returned lets the run end well', () => {
    const performer = play('run', [
      event('started'),
      event('logFailed', { reason: 'no room' }),
      event('logReturned'),
    ])
    expect(performer.state()).toBe('recording.durable')
    performer.play(event('close'))
    performer.play(event('drained'))
    performer.play(event('committed'))
    expect(performer.state()).toBe('closed')
  })
})

describe('breaker', () => {
  function startBreaker() {
    const clock = new SimulatedClock()
    const breaker = createActor(breakerMachine, { input: {}, clock: machineClock(clock) }).start()
    return { clock, breaker, state: () => breaker.getSnapshot().value }
  }

  test('S2: three failures in a row open it, a success between them does not count', () => {
    const { breaker, state } = startBreaker()
    for (const type of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) {
      breaker.send({ type })
    }
    expect(state()).toBe('closed')
    breaker.send({ type: 'failed' })
    expect(state()).toBe('open')
    expect(breaker.getSnapshot().hasTag('admits')).toBe(false)
  })

  test('S2: 30 s later it admits a trial; a failure opens it for 30 s more, a success closes it', () => {
    const { clock, breaker, state } = startBreaker()
    for (let failure = 0; failure < 3; failure++) breaker.send({ type: 'failed' })
    clock.advance(29_999)
    expect(state()).toBe('open')
    clock.advance(1)
    expect(state()).toBe('halfOpen')
    expect(breaker.getSnapshot().hasTag('admits')).toBe(true)
    breaker.send({ type: 'failed' })
    expect(state()).toBe('open')
    clock.advance(30_000)
    breaker.send({ type: 'succeeded' })
    expect(state()).toBe('closed')
    breaker.send({ type: 'failed' })
    expect(state()).toBe('closed')
  })
})

test('a cancelled delay leaves no timer behind', () => {
  const clock = new SimulatedClock()
  const breaker = createActor(breakerMachine, { input: {}, clock: machineClock(clock) }).start()
  for (let failure = 0; failure < 3; failure++) breaker.send({ type: 'failed' })
  expect(clock.pending).toBe(1)
  breaker.stop()
  expect(clock.pending).toBe(0)
})
