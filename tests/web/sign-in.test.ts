import { expect, test } from 'vitest'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { type Ask, reasonOf, signIn } from '../../web/sign-in.ts'

const TOKEN = `${'a'.repeat(12)}.${'b'.repeat(43)}`

interface Asked {
  readonly path: string
  readonly options: RequestInit
}

/** A browser whose address has `hash`, and a server that gives `answer`. */
function browser(hash: string, answer: () => Promise<Response>) {
  const asked: Asked[] = []
  /** Where the address stood when the server was asked. */
  const askedAt: string[] = []
  const bar = {
    hash: () => hash,
    push: () => {},
    replace: (next: string) => {
      hash = next
    },
    listen: () => {},
  }
  const ask: Ask = (path, options) => {
    asked.push({ path, options })
    askedAt.push(hash)
    return answer()
  }
  return { bar, ask, asked, askedAt }
}

const json = (value: unknown) => async () => new Response(JSON.stringify(value))

test('K3 a token is out of the address before it is exchanged, in a header', async () => {
  const { bar, ask, asked, askedAt } = browser(`#token=${TOKEN}`, json({}))
  await signIn(bar, ask)
  const headers = { authorization: `Bearer ${TOKEN}` }
  expect(asked).toEqual([{ path: '/session', options: { method: 'POST', headers } }])
  expect(askedAt).toEqual(['#/'])
  expect(bar.hash()).toBe('#/')
})

test('an address without a token asks for nothing and stays as it is', async () => {
  for (const hash of ['', '#/', '#/episode/12?t=3', '#token=', `#/?token=${TOKEN}`, '#token=a b']) {
    const { bar, ask, asked } = browser(hash, json({}))
    await signIn(bar, ask)
    expect([hash, asked, bar.hash()]).toEqual([hash, [], hash])
  }
})

test('a token that is refused, or a server that is away, is no error of the page', async () => {
  for (const answer of [json({}), () => Promise.reject(new Error('away'))]) {
    const { bar, ask } = browser(`#token=${TOKEN}`, answer)
    await signIn(bar, ask)
    expect(bar.hash()).toBe('#/')
  }
})

test('K3 a socket that never opened is told apart from one that is not let in', async () => {
  const answers = [
    [json({ required: true, role: null }), closeCodes.notAllowed],
    [json({ required: true, role: 'viewer' }), 1006],
    [json({ required: false, role: 'viewer' }), 1006],
    [json({ required: true }), 1006],
    [json('?'), 1006],
    [() => Promise.reject(new Error('away')), 1006],
  ] as const
  for (const [answer, code] of answers) {
    expect(await reasonOf(1006, false, browser('', answer).ask)).toBe(code)
  }
  const { ask, asked } = browser('', json({ required: true, role: null }))
  expect(await reasonOf(1006, true, ask)).toBe(1006)
  expect(asked).toEqual([])
})
