// The heap of a thread here. Actors make much short-lived garbage and keep little. V8 would let each
// thread's young generation grow to 48 MiB before it looks; collecting small and often costs no
// more and holds far less.
export const actorHeap = { maxYoungGenerationSizeMb: 6 } as const
