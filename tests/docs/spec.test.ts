// Every rule of SPEC.md is named by a test, and no test names a rule that is not there.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const rules = [
  ...readFileSync(join(root, 'SPEC.md'), 'utf8').matchAll(/^- \*\*([A-Z]\d+)\*\* /gm),
].map(match => match[1] ?? '')

const titles = globSync('tests/**/*.ts', { cwd: root })
  .flatMap(file => [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /\b(?:test|it|describe|property)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])([\s\S]*?)\1/g,
    ),
  ])
  .map(match => match[2] ?? '')

test('SPEC.md numbers its rules once', () => {
  expect(rules.length).toBeGreaterThan(50)
  expect(rules).toEqual([...new Set(rules)])
})

test('every rule is named by a test', () => {
  const unnamed = rules.filter(
    rule => !titles.some(title => new RegExp(`\\b${rule}\\b`).test(title)),
  )
  expect(unnamed).toEqual([])
})
