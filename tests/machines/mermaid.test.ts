import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import { describeMachine } from '../../src/machines/describe-machine.ts'
import { toMermaid } from '../../src/machines/mermaid.ts'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import { runMachine } from '../../src/machines/run.machine.ts'
import { stateName } from '../../src/machines/state-name.ts'
import type { StateDescription } from '../../src/protocol/machine-description.ts'

const namesIn = (state: StateDescription): string[] => [
  ...(state.name === '' ? [] : [state.name]),
  ...state.states.flatMap(namesIn),
]

describe.each(Object.keys(machines) as MachineName[])('%s', name => {
  const drawing = toMermaid(machines[name])
  const lines = drawing.split('\n').map(line => line.trim())

  test('every state is declared once', () => {
    for (const state of namesIn(describeMachine(machines[name]))) {
      const id = state.replaceAll('.', '_')
      const declared = lines.filter(line => line.replace(' {', '').endsWith(`" as ${id}`))
      expect(declared, id).toHaveLength(1)
    }
  })

  test('every edge joins states that are declared', () => {
    const ids = new Set(lines.map(line => / as (\w+)/.exec(line)?.[1]))
    for (const [, from, to] of drawing.matchAll(/(\S+) --> (\S+)/g)) {
      for (const end of [from!, to!]) expect(end === '[*]' || ids.has(end), end).toBe(true)
    }
  })

  test('braces are balanced and no label has a character that ends it', () => {
    const count = (mark: string) => lines.filter(line => line.endsWith(mark)).length
    expect(count('{')).toBe(lines.filter(line => line === '}').length)
    for (const line of lines) expect(line.replace(' : ', '')).not.toMatch(/[:;]/)
  })

  test('the description survives JSON', () => {
    const description = describeMachine(machines[name])
    expect(JSON.parse(JSON.stringify(description))).toEqual(description)
  })
})

test('a nested machine is drawn whole, with the active state marked', () => {
  expect(toMermaid(runMachine, 'closing.draining')).toBe(`stateDiagram-v2
  [*] --> starting
  state "starting" as starting
  state "recording" as recording {
    [*] --> recording_durable
    state "durable" as recording_durable
    state "readOnly" as recording_readOnly
    recording_durable --> recording_readOnly : logFailed
    recording_readOnly --> recording_durable : logReturned
  }
  state "closing" as closing {
    [*] --> closing_draining
    state "draining" as closing_draining
    state "committing" as closing_committing
    closing_draining --> closing_committing : drained
  }
  state "closed" as closed
  state "failed" as failed
  starting --> failed : failed, logFailed
  starting --> recording : started
  starting --> closed : close
  recording --> failed : failed
  recording --> closing : close
  closing --> failed : failed, logFailed, after closeDeadline
  closed --> [*]
  failed --> [*]
  closing_draining --> failed : drained [hasFailed]
  closing_committing --> closed : committed
  classDef active fill:#10b981,stroke:#047857,color:#ffffff
  class closing_draining active
`)
})

const lamp = setup({
  types: {} as { events: { type: 'press' } | { type: 'dim'; to: number } | { type: 'break' } },
  actions: { click: () => {} },
  guards: { isAbove: (_, params: { level: number }) => params.level > 0 },
}).createMachine({
  id: 'lamp',
  type: 'parallel',
  on: { break: { actions: 'click' } },
  states: {
    power: {
      initial: 'off',
      states: {
        off: { on: { press: 'on' }, after: { 500: 'on' } },
        on: {
          on: {
            press: 'off',
            dim: { guard: { type: 'isAbove', params: { level: 3 } }, target: 'off' },
          },
        },
      },
    },
    colour: { initial: 'warm', states: { warm: { always: 'cold' }, cold: { type: 'final' } } },
  },
})

test('a parallel machine is drawn whole, with a mark in each region', () => {
  const active = stateName({ power: 'on', colour: 'cold' })
  expect(active).toBe('power.on+colour.cold')
  expect(toMermaid(lamp, active)).toBe(`stateDiagram-v2
  state "power" as power {
    [*] --> power_off
    state "off" as power_off
    state "on" as power_on
    power_off --> power_on : press, after 500
    power_on --> power_off : press
    power_on --> power_off : dim [isAbove(3)]
  }
  --
  state "colour" as colour {
    [*] --> colour_warm
    state "warm" as colour_warm
    state "cold" as colour_cold
    colour_warm --> colour_cold
    colour_cold --> [*]
  }
  state "any state" as any_state
  any_state --> any_state : break / click
  classDef active fill:#10b981,stroke:#047857,color:#ffffff
  class power_on active
  class colour_cold active
`)
})

test('a description says what a state does and what leads out of it', () => {
  const closing = describeMachine(runMachine).states.find(state => state.name === 'closing')
  expect(closing).toMatchObject({ type: 'compound', initial: 'closing.draining', tags: [] })
  expect(closing?.states[0]?.entry).toEqual(['drain'])
  expect(closing?.transitions.at(-1)).toEqual({
    event: null,
    delay: 'closeDeadline',
    guard: null,
    target: 'failed',
    actions: ['noteDeadline'],
  })
})
