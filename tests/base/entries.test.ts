// Where threads and processes find the files that they start with.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { entryFile } from '../../src/base/entries.ts'

test('they are where they are said to be', () => {
  expect(existsSync(entryFile('runtime/host-thread'))).toBe(true)
})

test('who was bundled without them is told so', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  for (const name of ['entries.ts', 'errors.ts']) {
    cpSync(new URL(`../../src/base/${name}`, import.meta.url), join(dir, 'src/base', name))
  }
  const moved = await import(pathToFileURL(join(dir, 'src/base/entries.ts')).href)
  const expected = `expected ${dir}/src/runtime/host-thread.ts, a file of the package rollcast, found nothing`
  expect(() => moved.entryFile('runtime/host-thread')).toThrow(expected)
})
