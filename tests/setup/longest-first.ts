// Begins with the files that take longest: on a fresh clone vitest knows no durations, and one that
// begins last is waited for alone.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A sequencer for `sequence` that takes the files at the ends `longest` first, in this order. */
export const longestFirst = (longest: readonly string[]): typeof BaseSequencer =>
  class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const rank = ({ moduleId }: TestSpecification): number =>
        longest.findIndex(name => moduleId.endsWith(name)) >>> 0
      return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
    }
  }
