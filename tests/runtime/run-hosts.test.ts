// U10: runs are played while somebody watches them, a few at a time. Playing is made up here; time is
// the test's.
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Playing, PlayOptions } from '../../src/runtime/play.ts'
import { RunHosts } from '../../src/runtime/run-hosts.ts'

const door = { port: 7788, tokens: null }
const runOf = (name: string) => ({ name, dir: `/runs/${name}` })

interface Played {
  readonly dir: string | null
  readonly options: PlayOptions
  isOver: boolean
  fail(error: unknown): void
}

function hostsOf({ failing = [] as string[] } = {}) {
  const clock = new SimulatedClock()
  const played: Played[] = []
  const problems: unknown[] = []
  const play = async (options: PlayOptions): Promise<Playing> => {
    const { dir } = options
    if (failing.includes(dir ?? '')) throw new RollcastError('LOG_CORRUPT', `${dir}: damaged`)
    const replayed = Promise.withResolvers<number>()
    const one: Played = { dir, options, isOver: false, fail: replayed.reject }
    played.push(one)
    return {
      ...{ url: null, link: null, replayed: replayed.promise, status: undefined },
      async close() {
        one.isOver = true
        replayed.reject(new RollcastError('CLOSED', 'the replay was closed before its end'))
        return undefined
      },
    }
  }
  const hosts = new RunHosts({
    ...{ clock, play, socketDirectory: '/sockets', idleMillis: 1_000 },
    onProblem: (run, error) => problems.push([run, error]),
  })
  const open = (name: string) => hosts.open(runOf(name), door, false)
  const alive = () => played.filter(({ isOver }) => !isOver).map(({ dir }) => dir)
  return { hosts, open, played, problems, clock, alive }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('U10 hosts of runs', () => {
  test('U10 a run is played once for all who watch it, and some time after the last has left', async () => {
    const { open, clock, alive, played, hosts } = hostsOf()
    const [one, two] = await Promise.all([open('a'), open('a')])
    expect(played.map(({ options }) => options)).toEqual([
      {
        ...{ dir: '/runs/a', task: 'serve', isOpen: false },
        behind: { socketPath: '/sockets/1.sock', ...door },
      },
    ])
    const leave = [one.enter(), two.enter()]
    clock.advance(10_000)
    leave[0]!()
    clock.advance(10_000)
    await settle()
    expect(alive()).toEqual(['/runs/a'])
    leave[1]!()
    clock.advance(999)
    const again = one.enter()
    clock.advance(10_000)
    again()
    clock.advance(1_000)
    await settle()
    expect([alive(), hosts.has('a')]).toEqual([[], false])
    await open('a')
    expect(alive()).toEqual(['/runs/a'])
  })

  test('a run that was opened and that nobody came to watch ends too', async () => {
    const { open, clock, alive } = hostsOf()
    await open('a')
    clock.advance(1_000)
    await settle()
    expect(alive()).toEqual([])
  })

  test('U10 so many are played at a time: who is not watched makes room, else the next is refused', async () => {
    const { open, clock, alive } = hostsOf()
    const names = Array.from({ length: limits.playedRunsMax }, (_, i) => `run-${i}`)
    const leave: (() => void)[] = []
    for (const name of names) leave.push((await open(name)).enter())
    await expect(open('more')).rejects.toMatchObject({ code: 'UNAVAILABLE', temporary: true })
    leave[2]!()
    clock.advance(10)
    leave[1]!()
    const more = (await open('more')).enter()
    expect(alive()).toEqual(['/runs/run-0', '/runs/run-1', '/runs/run-3', '/runs/more'])
    await Promise.all([open('and-more'), expect(open('too-many')).rejects.toThrow('being watched')])
    expect(alive()).toHaveLength(limits.playedRunsMax)
    more()
  })

  test('what cannot be read is said to who asks, and tried again for the next', async () => {
    const failing = ['/runs/bad']
    const { hosts, open, problems } = hostsOf({ failing })
    await expect(open('bad')).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    expect([hosts.has('bad'), problems]).toEqual([false, []])
    failing.length = 0
    await open('bad')
    expect(hosts.has('bad')).toBe(true)
  })

  test('one that ends by itself is told once, and opened anew for who asks', async () => {
    const { open, played, problems, alive } = hostsOf()
    const backend = await open('a')
    const leave = backend.enter()
    played[0]!.fail(new RollcastError('INTERNAL', 'the host ended'))
    await settle()
    expect(problems).toEqual([['/runs/a', expect.objectContaining({ code: 'INTERNAL' })]])
    leave()
    expect((await open('a')).socketPath).not.toBe(backend.socketPath)
    expect(alive()).toEqual(['/runs/a'])
  })

  test('closing ends all of them, and nothing is started after it', async () => {
    const { hosts, open, alive, problems } = hostsOf()
    const leave = (await open('a')).enter()
    const opening = open('b')
    await hosts.close()
    await opening
    expect([alive(), problems]).toEqual([[], []])
    leave()
    await expect(open('c')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
