// How long episodes lasted in the course of the training: at most 60 buckets of equal length in
// seconds, which becomes twice as long whenever there would be more.

const BUCKETS_MAX = 60

/** Episodes that ended within one bucket. */
export interface CurvePoint {
  /** End of the bucket, seconds since the start. */
  readonly seconds: number
  readonly episodes: number
  readonly meanSurvival: number
  /** The highest curriculum stage in which one of them began; 0 without a curriculum. */
  readonly stage: number
}

interface Bucket {
  episodes: number
  survival: number
  stage: number
}

export class LearningCurve {
  #secondsPerBucket = 1
  #buckets: Bucket[] = []

  /** Adds an episode that ended `seconds` after the start and lasted `steps`; `stage` as above. */
  add(seconds: number, steps: number, stage: number): void {
    while (seconds >= BUCKETS_MAX * this.#secondsPerBucket) this.#halve()
    const index = Math.floor(seconds / this.#secondsPerBucket)
    while (this.#buckets.length <= index) {
      this.#buckets.push({ episodes: 0, survival: 0, stage: 0 })
    }
    const bucket = this.#buckets[index]!
    bucket.episodes++
    bucket.survival += steps
    bucket.stage = Math.max(bucket.stage, stage)
  }

  /** Buckets in which some episode ended, in order. */
  points(): CurvePoint[] {
    return this.#buckets
      .map(({ episodes, survival, stage }, index) => ({
        seconds: (index + 1) * this.#secondsPerBucket,
        episodes,
        meanSurvival: survival / episodes,
        stage,
      }))
      .filter(point => point.episodes > 0)
  }

  #halve(): void {
    this.#secondsPerBucket *= 2
    const halves = this.#buckets
    this.#buckets = []
    for (let i = 0; i < halves.length; i += 2) {
      const [left, right] = [halves[i]!, halves[i + 1]]
      this.#buckets.push({
        episodes: left.episodes + (right?.episodes ?? 0),
        survival: left.survival + (right?.survival ?? 0),
        stage: Math.max(left.stage, right?.stage ?? 0),
      })
    }
  }
}
