// Pages that are made from data are made from today's data.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { machinesPage, topologyPage } from '../../docs/generate.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')

test('docs/topology.md is what docs/generate.ts makes', () => {
  expect(page('topology')).toBe(topologyPage())
})

test('docs/machines.md is what docs/generate.ts makes', () => {
  expect(page('machines')).toBe(machinesPage())
})
