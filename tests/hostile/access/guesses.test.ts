// Somebody who guesses tokens, as fast as the gateway answers, through every door that takes one.
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { limits } from '../../../src/protocol/limits.ts'
import { runs } from '../../faults/tier.ts'
import { ask, bearer, ownHost, statusOf, upgrade } from '../../gateway/raw-http.ts'
import { serveGateway } from '../../gateway/serve-gateway.ts'

const GUESSES = runs(600, 10_000)
const AT_ONCE = 10
const REFUSED_MILLIS_MAX = 50

test(`W13 K4 of ${GUESSES} guesses ten are looked at, none is let in, and each is refused at once`, async () => {
  const served = await serveGateway({ token: true })
  const { port } = served
  const { token } = served.issue({ role: 'admin' })
  const [id, secret] = [token.slice(0, 12), token.slice(13)]
  const own = ownHost(port)
  // Wrong ones of every kind: nothing right, the right id, all right but the end.
  const guesses = [
    () => `${randomBytes(6).toString('hex')}.${randomBytes(32).toString('base64url')}`,
    () => `${id}.${randomBytes(32).toString('base64url')}`,
    () => `${id}.${secret.slice(0, -1)}${secret.endsWith('A') ? 'E' : 'A'}`,
    () => randomBytes(20).toString('hex'),
  ]
  const doors = [
    (guess: string) => ask({ port }, '/session', [own, bearer(guess)], 'POST'),
    (guess: string) => ask({ port }, '/metrics', [own, bearer(guess)]),
    (guess: string) => upgrade({ port }, [own, bearer(guess)]),
    (guess: string) =>
      upgrade({ port }, [own, `Sec-WebSocket-Protocol: rollcast.v1+json, rollcast.token.${guess}`]),
  ]
  const counts = new Map<number, number>()
  const millis: number[] = []
  const began = performance.now()
  for (let done = 0; done < GUESSES; done += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, i) => {
        const guess = guesses[(done + i) % guesses.length]!()
        const asked = performance.now()
        const status = statusOf(await doors[(done + i + (done >> 4)) % doors.length]!(guess))
        millis.push(performance.now() - asked)
        counts.set(status, (counts.get(status) ?? 0) + 1)
      }),
    )
  }
  const minutes = Math.ceil((performance.now() - began) / 60_000)
  expect(new Set(counts.keys())).toEqual(new Set([401, 429]))
  expect(counts.get(401)).toBeLessThanOrEqual(limits.wrongTokensPerMinute * minutes)
  expect(counts.get(401)).toBeGreaterThanOrEqual(limits.wrongTokensPerMinute)
  millis.sort((a, b) => a - b)
  expect(millis[Math.floor(millis.length / 2)]).toBeLessThan(REFUSED_MILLIS_MAX)
  expect(statusOf(await ask({ port, from: '127.0.0.7' }, '/metrics', [own, bearer(token)]))).toBe(
    200,
  )
})
