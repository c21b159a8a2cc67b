// What is worth saying of a training beside its figures, in words for people who do not read papers:
// each remark once, when the figures give cause for it.
import { RecentMean } from '../learning/schedule.ts'
import type { UpdateFigures } from './ppo.ts'

export type Remark = { readonly kind: string; readonly text: string }

type CommentaryOptions = {
  /** Solved at this mean return ... */
  readonly solvedReturn: number
  /** ... over so many episodes. */
  readonly episodes: number
}

/** How far an update moved the policy. */
type UpdateLevel = 'healthy' | 'learning' | 'exploring'

const levelTexts: Readonly<Record<UpdateLevel, string>> = {
  healthy: 'small, careful improvements',
  learning: 'actively learning',
  exploring: 'major strategy changes',
}

/** Levels are judged by the mean over so many updates, because single ones scatter ... */
const updatesJudged = 5
/** ... and another level is told of when it has lasted for so many more. */
const updatesLasting = 20
/** A return that fell below this share of the best has relapsed, if that was worth anything. */
const relapseShare = 0.7
const worthwhileShare = 0.5

export class Commentary {
  readonly #options: CommentaryOptions
  readonly #returns: RecentMean
  readonly #divergence = new RecentMean(updatesJudged)
  readonly #clipFraction = new RecentMean(updatesJudged)
  #level: UpdateLevel | undefined
  /** For how many updates it has been another. */
  #lasting = 0
  #bestMean = 0
  #solved = false

  constructor(options: CommentaryOptions) {
    this.#options = options
    this.#returns = new RecentMean(options.episodes)
  }

  /** Counts an episode of any environment. */
  episodeEnded(episodeReturn: number, globalStep: number): Remark | undefined {
    const { solvedReturn, episodes } = this.#options
    this.#returns.append(episodeReturn)
    if (!this.#returns.full) return undefined
    const { mean } = this.#returns
    const over = `over the last ${episodes} episodes`
    if (mean > this.#bestMean) this.#bestMean = mean
    if (mean >= solvedReturn && !this.#solved) {
      this.#solved = true
      const after = `after ${globalStep} steps`
      const text = `mean return ${mean.toFixed(1)} ${over}, ${after}: solved, by its own measure`
      return { kind: 'solved', text }
    }
    const isWorth = this.#bestMean >= worthwhileShare * solvedReturn
    if (!isWorth || mean >= relapseShare * this.#bestMean) return undefined
    const text = `mean return ${mean.toFixed(1)} ${over}, down from ${this.#bestMean.toFixed(1)}`
    // From here on it may be solved, and relapse, again.
    this.#bestMean = mean
    this.#solved = false
    return { kind: 'relapse', text }
  }

  /** Counts an update of the policy. */
  updated({ approxKl, clipFraction }: UpdateFigures): Remark | undefined {
    this.#divergence.append(approxKl)
    this.#clipFraction.append(clipFraction)
    if (!this.#divergence.full) return undefined
    const kl = this.#divergence.mean
    const clipped = this.#clipFraction.mean
    const level = updateLevel(kl, clipped)
    this.#lasting = level === this.#level ? 0 : this.#lasting + 1
    const isNews = this.#level === undefined || this.#lasting >= updatesLasting
    if (!isNews) return undefined
    this.#level = level
    this.#lasting = 0
    const share = `${Math.round(100 * clipped)} % of choices clipped`
    const text = `${level}: ${levelTexts[level]} (KL ${kl.toPrecision(2)}, ${share})`
    return { kind: 'policy_updates', text }
  }
}

/** By the KL divergence of the new policy from the old and the share of choices beyond the clip
 * range. */
export function updateLevel(approxKl: number, clipFraction: number): UpdateLevel {
  if (approxKl < 0.01 && clipFraction < 0.1) return 'healthy'
  return approxKl < 0.05 ? 'learning' : 'exploring'
}
