// Options that are predicates: what is wrong with one is shown at its place, before the run starts.
import * as v from 'valibot'
import { limits } from '../protocol/limits.ts'
import { rankCounts } from '../protocol/predicate/evaluate.ts'
import { parsePredicate } from '../protocol/predicate/parse.ts'
import { PredicateError, pointAt } from '../protocol/predicate/syntax.ts'

/** Its ranks are remembered, so that they have a bound. */
export const keepRuleSchema = predicateSchema(ranks => {
  const rank = Math.max(0, ...ranks)
  if (rank <= limits.keepRankMax) return undefined
  return `expected best(n) and worst(n) with n up to ${limits.keepRankMax}, found ${rank}`
})

/** Who is among the best is known when the run is over. */
export const whereSchema = predicateSchema(ranks =>
  ranks.length === 0
    ? undefined
    : 'expected no best(n) and worst(n), which only a finished run knows: use `keep`, or `rollcast ' +
      'export lerobot --where` afterwards',
)

/** `problemOf`: what is wrong with the ranks that a predicate asks for, if anything. */
function predicateSchema(problemOf: (ranks: readonly number[]) => string | undefined) {
  return v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? check(dataset.value, problemOf) : undefined
      if (message !== undefined) addIssue({ message })
    }),
  )
}

function check(
  text: string,
  problemOf: (ranks: readonly number[]) => string | undefined,
): string | undefined {
  try {
    const { best, worst } = rankCounts(parsePredicate(text))
    return problemOf([...best, ...worst])
  } catch (error) {
    if (!(error instanceof PredicateError)) throw error
    return `${error.message}\n${pointAt(text, error)}`
  }
}
