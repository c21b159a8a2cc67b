// JSON that is too large, too deep, broken, doubled or poisoned (W4, W16): it is answered in words or
// with a close, never by an error of the server's own, and nothing of it stays behind.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { AttackedGateway, useAttackedGateway } from './gateway.ts'
import { Interrogator } from './interrogator.ts'
import { accepted, anyText, poisoned, refused } from './json-texts.ts'
import { inParallel } from './peer.ts'

describe('P13 messages that only hurt', () => {
  const attacked = useAttackedGateway()

  test('W4 what is no message of ours is refused in words or with a close', async () => {
    // In the slow tier each one again, with white space that changes every offset.
    const texts = [
      ...refused,
      ...Array.from({ length: runs(0, 6) }, (_, i) =>
        refused.map(text => `${' '.repeat(i + 1)}${text}`),
      ).flat(),
    ]
    const wrong: string[] = []
    const interrogators = Array.from({ length: 8 }, () => new Interrogator(attacked().port))
    const shares = interrogators.map((_, share) => texts.filter((_, index) => index % 8 === share))
    await inParallel(shares, 8, async (share, at) => {
      for (const text of share) {
        if ((await interrogators[at]!.ask(text)) === 'accepted') wrong.push(text.slice(0, 100))
      }
      await interrogators[at]!.end()
    })
    expect(wrong).toEqual([])
    figure('W4', { texts: texts.length })
    await attacked().expectUnharmed()
  })

  test('W4 what is ours is taken, whatever stands beside it', async () => {
    const interrogator = new Interrogator(attacked().port)
    for (const text of accepted) {
      expect([text.slice(0, 100), await interrogator.ask(text)]).toEqual([
        text.slice(0, 100),
        'accepted',
      ])
    }
    await interrogator.end()
    await attacked().expectUnharmed()
  })

  test('W4 W16 no text at all gets another answer, nor leaves anything behind', async () => {
    const interrogator = new Interrogator(attacked().port)
    await fc.assert(
      fc.asyncProperty(anyText, async text => {
        await interrogator.ask(text)
      }),
      { numRuns: runs(150, 10_000) },
    )
    await interrogator.end()
    await attacked().expectUnharmed()
  })

  test('W16 P13 keys of prototypes are keys like any others, also where there is no __proto__', async () => {
    expect(poisoned.length).toBeGreaterThanOrEqual(60)
    const bare = await AttackedGateway.start({ nodeArguments: ['--disable-proto=delete'] })
    for (const gateway of [attacked(), bare]) {
      const interrogator = new Interrogator(gateway.port)
      for (const [index, text] of poisoned.entries()) {
        await interrogator.ask(text)
        if (index % 10 === 0) await fetchPoisoned(gateway.port, text)
      }
      await interrogator.end()
      await gateway.expectUnharmed()
    }
    await bare.stop()
  })
})

/** The same in a query, for whoever reads one. */
async function fetchPoisoned(port: number, text: string): Promise<void> {
  const query = `__proto__[x]=1&constructor.prototype.x=1&${encodeURIComponent(text)}=1`
  const response = await fetch(`http://127.0.0.1:${port}/healthz?${query}`)
  await response.arrayBuffer()
}
