// Messages that are too large, too deep, broken, doubled or poisoned (W4, W16), in JSON and in
// MessagePack: they are answered in words or with a close, never by an error of the server's own, and
// nothing of them stays behind.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { AttackedGateway, useAttackedGateway } from './gateway.ts'
import { Interrogator, startOf } from './interrogator.ts'
import { accepted, anyText, poisoned, refused } from './json-texts.ts'
import { acceptedBytes, anyBytes, poisonedBytes, refusedBytes } from './msgpack-bytes.ts'
import { inParallel } from './peer.ts'

/** In the slow tier each one again, with white space that changes every offset. */
const shifted = Array.from({ length: runs(0, 6) }, (_, i) =>
  refused.map(text => `${' '.repeat(i + 1)}${text}`),
).flat()

const vocabularies = {
  json: { refused: [...refused, ...shifted], accepted, poisoned, any: anyText },
  msgpack: {
    ...{ refused: refusedBytes, accepted: acceptedBytes, poisoned: poisonedBytes, any: anyBytes },
  },
} as const

for (const encoding of ['json', 'msgpack'] as const) {
  const messages = vocabularies[encoding]

  describe(`P13 messages that only hurt, as ${encoding}`, () => {
    const attacked = useAttackedGateway()

    test('W4 what is no message of ours is refused in words or with a close', async () => {
      const wrong: string[] = []
      const all: readonly (string | Uint8Array)[] = messages.refused
      const { port } = attacked()
      const interrogators = Array.from({ length: 8 }, () => new Interrogator(port, encoding))
      const shares = interrogators.map((_, share) => all.filter((_, index) => index % 8 === share))
      await inParallel(shares, 8, async (share, at) => {
        for (const message of share) {
          const outcome = await interrogators[at]!.ask(message)
          if (outcome === 'accepted') wrong.push(startOf(message))
        }
        await interrogators[at]!.end()
      })
      expect(wrong).toEqual([])
      figure(encoding === 'json' ? 'W4' : 'W4.msgpack', { messages: all.length })
      await attacked().expectUnharmed()
    })

    test('W4 what is ours is taken, whatever stands beside it', async () => {
      const interrogator = new Interrogator(attacked().port, encoding)
      for (const message of messages.accepted) {
        expect([startOf(message), await interrogator.ask(message)]).toEqual([
          startOf(message),
          'accepted',
        ])
      }
      await interrogator.end()
      await attacked().expectUnharmed()
    })

    test('W4 W16 nothing at all gets another answer, nor leaves anything behind', async () => {
      const interrogator = new Interrogator(attacked().port, encoding)
      await fc.assert(
        fc.asyncProperty(messages.any as fc.Arbitrary<string | Uint8Array>, async message => {
          await interrogator.ask(message)
        }),
        { numRuns: runs(150, 10_000) },
      )
      await interrogator.end()
      await attacked().expectUnharmed()
    })

    test('W16 P13 keys of prototypes are keys like any others, also where there is no __proto__', async () => {
      expect(messages.poisoned.length).toBeGreaterThanOrEqual(60)
      const bare = await AttackedGateway.start({ nodeArguments: ['--disable-proto=delete'] })
      for (const gateway of [attacked(), bare]) {
        const interrogator = new Interrogator(gateway.port, encoding)
        for (const [index, message] of messages.poisoned.entries()) {
          await interrogator.ask(message)
          if (index % 10 === 0) await fetchPoisoned(gateway.port, poisoned[index]!)
        }
        await interrogator.end()
        await gateway.expectUnharmed()
      }
      await bare.stop()
    })
  })
}

/** The same in a query, for whoever reads one. */
async function fetchPoisoned(port: number, text: string): Promise<void> {
  const query = `__proto__[x]=1&constructor.prototype.x=1&${encodeURIComponent(text)}=1`
  const response = await fetch(`http://127.0.0.1:${port}/healthz?${query}`)
  await response.arrayBuffer()
}
