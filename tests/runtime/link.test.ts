import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Grants } from '../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../src/gateway/access/place.ts'
import { makeLink } from '../../src/runtime/link.ts'
import { tempDir } from './harness.ts'

const URL_OF_PAGE = 'http://127.0.0.1:7788/'

function startedThings() {
  const done: string[] = []
  const close = (): void => void done.push('closed')
  const closed = async (): Promise<void> => void done.push('waited')
  return { done, close, closed }
}

test('K3 a link has a token that works once, for a streamer, behind the #', async () => {
  const dir = tempDir()
  const started = startedThings()
  const link = await makeLink(started, dir, URL_OF_PAGE)
  const [page, token = ''] = link.split('#token=')
  expect(page).toBe(URL_OF_PAGE)
  const grants = new Grants(accessDirectory(dir), systemClock)
  expect(grants.find(token)).toMatchObject({ kind: 'link', role: 'streamer', parent: null })
  expect(started.done).toEqual([])
})

test('where no token can be kept nothing goes on running', async () => {
  const dir = tempDir()
  writeFileSync(join(dir, 'access'), '')
  const started = startedThings()
  await expect(makeLink(started, dir, URL_OF_PAGE)).rejects.toMatchObject({ code: 'CANNOT_CREATE' })
  expect(started.done).toEqual(['closed', 'waited'])
})
