import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { describeMachine } from '../../src/machines/describe-machine.ts'
import { machines } from '../../src/machines/registry.ts'
import { machineDescriptionsSchema } from '../../src/protocol/machine-description.ts'
import { layOutMachine, type StateBox } from '../../web/state-chart-layout.ts'

const all = Object.values(machines).map(machine => describeMachine(machine))

const isInside = (inner: StateBox, outer: StateBox): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height

const overlap = (a: StateBox, b: StateBox): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

test('every machine survives the way to the page', () => {
  const sent = JSON.parse(JSON.stringify(all)) as unknown
  expect(v.parse(machineDescriptionsSchema, sent)).toEqual(sent)
})

describe.each(all.map(machine => [machine.machine, machine] as const))(
  'the drawing of %s',
  (_name, machine) => {
    const chart = layOutMachine(machine)
    const byName = new Map(chart.boxes.map(box => [box.name, box]))
    const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')))

    test('has every state once, inside its parent, beside its siblings', () => {
      const names = (states: typeof machine.states): string[] =>
        states.flatMap(state => [state.name, ...names(state.states)])
      expect([...byName.keys()].sort()).toEqual(names(machine.states).sort())
      const page = { x: 0, y: 0, width: chart.width, height: chart.height } as StateBox
      for (const box of chart.boxes) {
        expect(isInside(box, byName.get(parentOf(box.name)) ?? page)).toBe(true)
      }
      for (const [index, one] of chart.boxes.entries()) {
        for (const other of chart.boxes.slice(index + 1)) {
          if (parentOf(one.name) === parentOf(other.name)) expect(overlap(one, other)).toBe(false)
        }
      }
    })

    test('has every way from one state to another, with what takes it', () => {
      const ways = (states: typeof machine.states): string[] =>
        states.flatMap(state => [
          ...state.transitions
            .filter(({ target }) => target !== null && target !== state.name)
            .map(({ target }) => `${state.name} ${target}`),
          ...ways(state.states),
        ])
      const drawn = chart.arrows.map(({ from, to }) => `${from} ${to}`)
      expect(drawn.sort()).toEqual([...new Set(ways(machine.states))].sort())
      for (const { causes, path } of chart.arrows) {
        expect(causes.length).toBeGreaterThan(0)
        expect(path).toMatch(/^M[-\d. ]+C[-\d. ]+$/)
      }
    })
  },
)
