// Flushing aside: the bytes are on the disk when it resolves, and nothing is left open by a thread
// that dies meanwhile.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { syncPathAside } from '../../src/base/sync-path.ts'
import { tempDir } from '../runtime/harness.ts'

const THREADS = 20
const FILES = 8

const descriptors = (): number => readdirSync('/proc/self/fd').length

/** Flushes many files and dies before they are flushed. */
const dying = `
  const { workerData } = require('node:worker_threads')
  import(workerData.module).then(({ syncPathAside }) => {
    for (const path of workerData.paths) syncPathAside(path)
    process.exit(3)
  })
`

test('S1 a thread that dies while it flushes files leaves none of them open', async () => {
  const dir = tempDir()
  const paths = Array.from({ length: FILES }, (_, number) => join(dir, `${number}`))
  for (const path of paths) writeFileSync(path, Buffer.alloc(100_000))
  const module = new URL('../../src/base/sync-path.ts', import.meta.url).href
  const before = descriptors()
  for (let thread = 0; thread < THREADS; thread++) {
    const worker = new Worker(dying, { eval: true, workerData: { module, paths } })
    const code = await new Promise(resolve => worker.once('exit', resolve))
    expect(code).toBe(3)
  }
  await expect.poll(descriptors).toBeLessThanOrEqual(before + 1)
})

test('what cannot be flushed is told, and closed', async () => {
  const before = descriptors()
  await expect(syncPathAside(join(tempDir(), 'none'))).rejects.toThrow('ENOENT')
  expect(descriptors()).toBe(before)
})
