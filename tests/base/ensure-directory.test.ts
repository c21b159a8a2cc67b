// Directories that are made with those above them, and those that cannot be.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { ensureDirectory } from '../../src/base/ensure-directory.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rollcast-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

test('makes what is missing, and says which was the highest', () => {
  const path = join(dir, 'a/b/c')
  expect(ensureDirectory(path, 0o700)).toBe(join(dir, 'a'))
  expect(statSync(join(dir, 'a/b')).mode & 0o777).toBe(0o700)
  expect(statSync(path).mode & 0o777).toBe(0o700)
  expect(ensureDirectory(`${path}/../d`)).toBe(`${path}/../d`)
})

test('leaves alone what is there, also behind a link', () => {
  mkdirSync(join(dir, 'a'), 0o711)
  symlinkSync('a', join(dir, 'link'))
  expect(ensureDirectory(join(dir, 'a'), 0o700)).toBeUndefined()
  expect(ensureDirectory(join(dir, 'link'))).toBeUndefined()
  expect(ensureDirectory('/')).toBeUndefined()
  expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o711)
})

test('says what is in the way', () => {
  writeFileSync(join(dir, 'file'), '')
  symlinkSync('nowhere', join(dir, 'dangling'))
  expect(() => ensureDirectory(join(dir, 'file'))).toThrow('EEXIST')
  expect(() => ensureDirectory(join(dir, 'file/b'))).toThrow('ENOTDIR')
  expect(() => ensureDirectory(join(dir, 'dangling'))).toThrow('EEXIST')
  expect(() => ensureDirectory('')).toThrow('ENOENT')
  expect(existsSync(join(dir, 'nowhere'))).toBe(false)
})

test('comes back where nothing can be made, though nothing is in the way', () => {
  expect(() => ensureDirectory('/proc/rollcast')).toThrow('ENOENT')
  expect(() => ensureDirectory('/proc/rollcast/runs/a')).toThrow("mkdir '/proc/rollcast'")
})

test('G11 makes what another process removes again and again', async () => {
  const path = join(dir, 'a')
  const remover = fileURLToPath(new URL('./remover.child.ts', import.meta.url))
  const child = spawn(process.execPath, [remover, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  // Both have a processor of their own for some of the time at least: then it is made anew each time.
  let made = 0
  for (let calls = 0; calls < 1_000_000 && made < 200; calls++) {
    if (ensureDirectory(path) !== undefined) made++
  }
  expect(made).toBe(200)
})
