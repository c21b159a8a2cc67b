// A measurement or a soak that is stopped half-way leaves neither files nor processes behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { findChildren, isAlive } from '../faults/child-process.ts'
import { tempDir, until } from '../runtime/harness.ts'

const commands = ['bench/main.ts append', 'tests/soak/main.ts --minutes 1']

test.each(commands)('%s ends by the signal and removes what it made', async command => {
  const dir = tempDir()
  const env = { ...process.env, TMPDIR: dir }
  const child = spawn(process.execPath, command.split(' '), { env, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const own = /^rollcast-(bench|soak)-/
  const found = await until('its directory', () => readdirSync(dir).find(name => own.test(name)))
  await until('something in it', () => readdirSync(`${dir}/${found}`).length > 0)
  const training = findChildren(child.pid!, 'training.child')
  child.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
  expect(readdirSync(dir).filter(name => own.test(name))).toEqual([])
  for (const pid of training) await until('the program to end', () => !isAlive(pid))
})
