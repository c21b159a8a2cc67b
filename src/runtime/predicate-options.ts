// Options that are predicates: what is wrong with one is shown at its place, before the run starts.
import type { z } from 'zod'
import { limits } from '../protocol/limits.ts'
import { rankCounts } from '../protocol/predicate/evaluate.ts'
import { parsePredicate } from '../protocol/predicate/parse.ts'
import { PredicateError, pointAt } from '../protocol/predicate/syntax.ts'

/** Its ranks are remembered, so that they have a bound. */
export function checkKeepRule(rule: string, context: z.RefinementCtx): void {
  const ranks = ranksOf(rule, context)
  const rank = Math.max(0, ...ranks)
  if (rank <= limits.keepRankMax) return
  const message = `expected best(n) and worst(n) with n up to ${limits.keepRankMax}, found ${rank}`
  context.addIssue({ code: 'custom', message })
}

/** Who is among the best is known when the run is over. */
export function checkWhere(text: string, context: z.RefinementCtx): void {
  if (ranksOf(text, context).length === 0) return
  const message =
    'expected no best(n) and worst(n), which only a finished run knows: use `keep`, or `rollcast ' +
    'export lerobot --where` afterwards'
  context.addIssue({ code: 'custom', message })
}

/** The ranks that a predicate asks for; what is wrong with it is shown at its place. */
function ranksOf(text: string, context: z.RefinementCtx): readonly number[] {
  try {
    const { best, worst } = rankCounts(parsePredicate(text))
    return [...best, ...worst]
  } catch (error) {
    if (!(error instanceof PredicateError)) throw error
    context.addIssue({ code: 'custom', message: `${error.message}\n${pointAt(text, error)}` })
    return []
  }
}
