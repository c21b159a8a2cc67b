// Remarks: each once, when the figures give cause for it.
import { describe, expect, test } from 'vitest'
import { Commentary, updateLevel } from '../../../examples/cartpole/commentary.ts'

const options = { solvedReturn: 475, episodes: 4 }

/** What is said when episodes with these returns end. */
function remarksOn(returns: readonly number[]): string[] {
  const commentary = new Commentary(options)
  return returns.flatMap((one, i) => {
    const remark = commentary.episodeEnded(one, 100 * (i + 1))
    return remark ? `${remark.kind}: ${remark.text}` : []
  })
}

const figures = (approxKl: number, clipFraction: number) => ({
  ...{ approxKl, clipFraction, policyLoss: 0, entropy: 0.5, valueLoss: 1, explainedVariance: 0.5 },
})

describe('a commentary', () => {
  test('says that it is solved, once, and not before enough episodes', () => {
    expect(remarksOn([500, 500, 500])).toEqual([])
    expect(remarksOn([10, 500, 500, 500, 400, 500, 500, 500])).toEqual([
      'solved: mean return 475.0 over the last 4 episodes, after 500 steps: solved, by its own measure',
    ])
  })

  test('says that it fell back, and then that it is solved again', () => {
    const kinds = remarksOn([480, 480, 480, 480, 100, 10, 480, 480, 480, 480, 480]).map(
      remark => remark.split(':')[0],
    )
    expect(kinds).toEqual(['solved', 'relapse', 'solved'])
    expect(remarksOn([480, 480, 480, 480, 0, 0])[1]).toBe(
      'relapse: mean return 240.0 over the last 4 episodes, down from 480.0',
    )
    // Nothing was learned that could be lost.
    expect(remarksOn([30, 30, 30, 30, 1, 1, 1, 1])).toEqual([])
  })

  test('says how far updates go when that has changed for good', () => {
    const commentary = new Commentary(options)
    const said: (string | undefined)[] = []
    for (let update = 0; update < 80; update++) {
      const kl = update < 40 ? 0.004 : 0.03
      // A few that stand out change nothing.
      const isOutlier = update >= 12 && update < 24
      said.push(commentary.updated(figures(isOutlier ? 0.03 : kl, 0.05))?.text)
    }
    expect(said.filter(text => text !== undefined)).toEqual([
      'healthy: small, careful improvements (KL 0.0040, 5 % of choices clipped)',
      'learning: actively learning (KL 0.030, 5 % of choices clipped)',
    ])
  })

  test('judges an update by its divergence and by what was clipped', () => {
    expect(updateLevel(0.009, 0.09)).toBe('healthy')
    expect(updateLevel(0.009, 0.1)).toBe('learning')
    expect(updateLevel(0.01, 0)).toBe('learning')
    expect(updateLevel(0.05, 0)).toBe('exploring')
  })
})
