// How much a browser has to fetch before it shows anything.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const page = new URL('../../dist/page/', import.meta.url)

/** Bytes, compressed, of a page and all that any part of it may load at its start. */
function initialBytes(name: string): number {
  const html = readFileSync(new URL(name, page), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(match => match[1]!)
  // The drawing thread is not named in the page, and starts with it.
  const worker = readdirSync(new URL('assets/', page)).filter(file => file.includes('worker'))
  const files = [name, ...named, ...worker.map(file => `assets/${file}`)]
  expect(named.some(file => file.endsWith('.js'))).toBe(true)
  return files.reduce(
    (sum, file) => sum + gzipSync(readFileSync(new URL(file, page)), { level: 9 }).byteLength,
    0,
  )
}

const isBuilt = existsSync(new URL('index.html', page))
test('CI has a page to measure', () => {
  expect(isBuilt || process.env['CI'] === undefined).toBe(true)
})

test.skipIf(!isBuilt)(
  'U8 the page, the list of runs and every overlay load under 200 kB compressed',
  () => {
    expect(initialBytes('index.html')).toBeLessThan(200_000)
    expect(initialBytes('runs.html')).toBeLessThan(200_000)
    expect(initialBytes('overlay.html')).toBeLessThan(200_000)
  },
)
