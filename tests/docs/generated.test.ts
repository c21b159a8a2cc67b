// Pages that are made from data are made from today's data.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  figuresOf,
  guaranteesPage,
  machinesPage,
  readFigures,
  topologyPage,
} from '../../docs/generate.ts'
import { guarantees } from '../../docs/guarantees.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')

test('docs/topology.md is what docs/generate.ts makes', () => {
  expect(page('topology')).toBe(topologyPage())
})

test('docs/machines.md is what docs/generate.ts makes', () => {
  expect(page('machines')).toBe(machinesPage())
})

test('docs/guarantees.md is what docs/generate.ts makes', () => {
  expect(page('guarantees')).toBe(guaranteesPage())
})

test('the guarantees are P1 to P13 of SPEC.md, each proved by tests that exist', () => {
  const spec = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8')
  const promises = [...spec.matchAll(/^- \*\*(P\d+)\*\* /gm)].map(match => match[1])
  expect(guarantees.map(({ id }) => id)).toEqual(promises)
  for (const { proofs } of guarantees) {
    expect(proofs.length).toBeGreaterThan(0)
    for (const { at } of proofs) {
      expect(existsSync(new URL(`../../${at}`, import.meta.url)), at).toBe(true)
    }
  }
})

test('every figure of the guarantees has been measured', () => {
  const measured = readFigures()
  for (const id of guarantees.flatMap(({ proofs }) => proofs.flatMap(({ figures }) => figures))) {
    expect(figuresOf(measured, id), id).not.toEqual([])
  }
})
