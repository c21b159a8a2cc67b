// The picture for who comes while the trainer pauses.
import { beforeEach, describe, expect, test } from 'vitest'
import type { History } from '../../src/gateway/publication.ts'
import type { RecordedFrame } from '../../src/protocol/thread-messages.ts'
import { advance, connect, hub, openHub, stage } from './hub-fixture.ts'
import { frameOf, noHistory } from './stage.ts'

type Answer = Awaited<ReturnType<History['frame']>>

/** The events that the log was asked for, and the answers that it owes. */
let asked: number[]
let owed: ((answer: Answer | Error) => void)[]

const history: History = {
  ...noHistory,
  frame: seq => {
    asked.push(seq)
    return new Promise((resolve, reject) => {
      owed.push(answer => (answer instanceof Error ? reject(answer) : resolve(answer)))
    })
  },
}
const recorded = (step: number, over: Partial<RecordedFrame> = {}): Answer => {
  const { mode: _mode, ...frame } = frameOf(step)
  return { frame: { ...frame, ...over } }
}
const answer = async (answer: Answer | Error): Promise<void> => {
  owed.shift()!(answer)
  await advance(10)
}

beforeEach(() => {
  asked = []
  owed = []
  openHub({ history })
  stage.newestFrames.set('agent-0', 70)
})

describe('U12 who comes while no frames come', () => {
  test('gets the newest of the log, once, after a quarter of a second', async () => {
    const viewer = connect()
    await advance(240)
    expect(asked).toEqual([])
    await advance(20)
    expect(asked).toEqual([70])
    await answer(recorded(9))
    expect(viewer.frames).toMatchObject([{ agent: 'agent-0', step: 9, mode: 'live', request: 0 }])
    await advance(5_000)
    expect([asked, viewer.frames.length]).toEqual([[70], 1])
    hub.showFrame(frameOf(10))
    await advance(10)
    expect(viewer.frames.map(({ step }) => step)).toEqual([9, 10])
  })

  test('shares it with those who come meanwhile, also with one who asks for pixels later', async () => {
    const viewers = [connect(), connect(), connect({ channels: ['episodes'] })]
    await advance(260)
    await answer(recorded(9))
    expect(asked).toEqual([70])
    expect(viewers.map(({ frames }) => frames.length)).toEqual([1, 1, 0])
    viewers[2]!.say({ type: 'set', channels: ['frames'] })
    await advance(260)
    await answer(recorded(9))
    expect(viewers.map(({ frames }) => frames.length)).toEqual([1, 1, 1])
    expect(hub.counters.queuedBytes).toBe(0)
  })

  test('gets it of each agent that it follows, one after the other', async () => {
    stage.agents.push('agent-1', 'agent-2')
    stage.newestFrames.set('agent-1', 71)
    const viewer = connect({ agents: 'all' })
    await advance(260)
    expect(asked).toEqual([70])
    await answer(new Error('the disk is gone'))
    expect(asked).toEqual([70, 71])
    await answer(recorded(4, { agent: 'agent-1' }))
    expect(viewer.frames).toMatchObject([{ agent: 'agent-1', step: 4 }])
  })

  test('gets it also when the agents become known after it has come', async () => {
    const [agents, defaultAgent] = [stage.agents.splice(0), stage.defaultAgent]
    stage.defaultAgent = null
    const viewer = connect()
    await advance(1_000)
    expect(asked).toEqual([])
    stage.agents.push(...agents)
    stage.defaultAgent = defaultAgent
    hub.publish([])
    await advance(260)
    await answer(recorded(9))
    expect(viewer.frames).toMatchObject([{ agent: 'agent-0', step: 9 }])
  })

  test('gets none that is older than one that came meanwhile', async () => {
    const viewer = connect()
    await advance(260)
    hub.showFrame(frameOf(10))
    await answer(recorded(9))
    expect(viewer.frames.map(({ step }) => step)).toEqual([10])
  })

  test('gets none of a camera that is not shown, or where no picture is left', async () => {
    hub.showFrame(frameOf(1))
    const viewer = connect()
    await advance(260)
    await answer(recorded(9, { camera: 'wrist' }))
    const other = connect()
    await advance(260)
    await answer({ frame: null })
    expect([asked, viewer.frames, other.frames]).toEqual([[70, 70], [], []])
  })

  test.each([
    ['frames come', {}, () => hub.showFrame(frameOf(1))],
    ['it wants no frames', { channels: ['episodes'] }, () => {}],
    ['it plays episodes that are over', { delivery: 'paced' }, () => {}],
    ['nothing was recorded', {}, () => stage.newestFrames.clear()],
  ])('the log is not asked when %s', async (_what, hello, happen) => {
    connect(hello)
    await advance(100)
    happen()
    await advance(1_000)
    expect(asked).toEqual([])
  })

  test('nobody is sent what it did not wait for', async () => {
    const [gone, elsewhere] = [connect(), connect()]
    await advance(260)
    gone.terminate()
    elsewhere.say({ type: 'set', agent: 'agent-1' })
    await answer(recorded(9))
    expect([gone.frames, elsewhere.frames]).toEqual([[], []])
    expect(hub.counters.queuedBytes).toBe(0)
  })
})
