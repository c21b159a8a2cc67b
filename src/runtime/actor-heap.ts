// The heap of a thread here. Actors make much short-lived garbage and keep little. V8 would let each
// thread's young generation grow to 48 MiB before it looks; collecting small and often costs no
// more and holds far less.
import type { ResourceLimits } from 'node:worker_threads'

/** `oldMb`: the old generation, for tests; V8's default when left out. */
export const heapOf = (oldMb?: number): ResourceLimits => ({
  maxYoungGenerationSizeMb: 6,
  ...(oldMb === undefined ? {} : { maxOldGenerationSizeMb: oldMb }),
})
