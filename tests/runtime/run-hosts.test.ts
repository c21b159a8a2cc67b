// U10: runs are played while somebody watches them, a few at a time. Playing is made up here; time is
// the test's.
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import type { Backend } from '../../src/gateway/front/shelf.ts'
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
    clock.advance(10_000)
    one.leave()
    clock.advance(10_000)
    await settle()
    expect(alive()).toEqual(['/runs/a'])
    two.leave()
    clock.advance(999)
    const again = await open('a')
    clock.advance(10_000)
    again.leave()
    clock.advance(1_000)
    await settle()
    expect([alive(), hosts.has('a')]).toEqual([[], false])
    await open('a')
    expect(alive()).toEqual(['/runs/a'])
  })

  test('U10 so many are played at a time: who is not watched makes room, else the next is refused', async () => {
    const { open, clock, alive } = hostsOf()
    const names = Array.from({ length: limits.playedRunsMax }, (_, i) => `run-${i}`)
    const watched: Backend[] = []
    for (const name of names) watched.push(await open(name))
    await expect(open('more')).rejects.toMatchObject({ code: 'UNAVAILABLE', temporary: true })
    watched[2]!.leave()
    clock.advance(10)
    watched[1]!.leave()
    await open('more')
    expect(alive()).toEqual(['/runs/run-0', '/runs/run-1', '/runs/run-3', '/runs/more'])
    // Two at once, and room for one.
    const both = await Promise.allSettled([open('and-more'), open('too-many')])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(alive()).toHaveLength(limits.playedRunsMax)
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
    played[0]!.fail(new RollcastError('INTERNAL', 'the host ended'))
    await settle()
    expect(problems).toEqual([['/runs/a', expect.objectContaining({ code: 'INTERNAL' })]])
    backend.leave()
    expect((await open('a')).socketPath).not.toBe(backend.socketPath)
    expect(alive()).toEqual(['/runs/a'])
  })

  test('closing ends all of them, and nothing is started after it', async () => {
    const { hosts, open, alive, problems } = hostsOf()
    const watched = await open('a')
    const opening = open('b')
    await hosts.close()
    await opening
    expect([alive(), problems]).toEqual([[], []])
    watched.leave()
    await expect(open('c')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
