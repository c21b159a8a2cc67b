// Keys act on what is seen: the stage, the clock of a comparison, or nothing.
import { describe, expect, test } from 'vitest'
import { Comparison } from '../../web/comparison.ts'
import { keyBindings, runKey } from '../../web/keyboard.ts'
import type { Route } from '../../web/permalink.ts'
import { Stage } from '../../web/stage.ts'
import { join } from './join.ts'
import { episode, page, rows, update } from './messages.ts'

/** A viewer who looks at `route`, with a comparison of 100 steps that stands at its beginning. */
function look(route: Route) {
  const joined = join()
  const { clock, server, session } = joined
  server.socket.say(page(rows(50, 41)))
  server.socket.say(update())
  session.look()
  session.go(route)
  const stages = [new Stage(), new Stage()]
  for (const stage of stages) stage.openReplay(1, episode(1, 1, 100), clock.monotonic())
  const comparison = new Comparison(stages, clock)
  comparison.tick()
  comparison.togglePlaying()
  const asked: string[] = []
  const shown = {
    session,
    player: route.view === 'compare' ? comparison : session.controls,
    page: { focusFilter: () => asked.push('filter'), showHelp: () => asked.push('help') },
  }
  const press = (...keys: string[]): boolean[] => keys.map(key => runKey(key, shown))
  return { ...joined, comparison, asked, press }
}

const all = keyBindings.flatMap(({ keys }) => keys)

describe('U5 keys', () => {
  test('U5 each stands for one thing', () => {
    expect(all).toEqual([...new Set(all)])
  })

  test('U5 in a comparison move its clock, and what is not seen stays as it is', () => {
    const { comparison, press, session, state } = look({ view: 'compare', left: 1, right: 2 })
    const { look: before, shift, replay } = state()
    const at = (): number => comparison.store.getState().playhead.atMillis
    const moves = Object.entries({ l: 5000, ArrowRight: 6000, '.': 6100, ',': 6000, j: 1000 })
    for (const [key, expected] of [...moves, ['ArrowLeft', 0], ['l', 5000], ['Home', 0]] as const) {
      press(key)
      expect([key, at()]).toEqual([key, expected])
    }
    press('>', '>', '<', 'r', ' ')
    const { playing, loop, speed } = comparison.store.getState().playhead
    expect({ playing, loop, speed }).toEqual({ playing: true, loop: true, speed: 2 })
    expect(press('[', ']', 'n', 'p', '/')).toEqual([false, false, false, false, false])
    session.look()
    expect(state()).toMatchObject({ look: before, shift, replay, loop: false })
  })

  test.each(['grid', 'system'] as const)("U5 in #/%s are the browser's, but for three", view => {
    const { server, press, asked } = look({ view })
    const others = all.filter(key => !['End', 'c', 'C', '?'].includes(key))
    const { length } = server.socket.sent
    expect(press(...others).filter(isTaken => isTaken)).toEqual([])
    expect(server.socket.sent).toHaveLength(length)
    expect(press('?', 'End')).toEqual([true, true])
    expect(asked).toEqual(['help'])
  })

  test('U5 lead from any view to live, and to a comparison', () => {
    const { press, state } = look({ view: 'system' })
    press('c')
    expect(state().route).toEqual({ view: 'compare', left: 41, right: 50 })
    press('End')
    expect(state().route).toEqual({ view: 'live' })
  })
})
