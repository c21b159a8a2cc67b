// Peers run in turns within one process, the order alternating, so that whatever else the machine
// does meets all of them alike: A B C, C B A, A B C, ...

/** Runs one measurement and returns its sample. */
export type Contender = () => Promise<number>

/**
 * Samples of every contender, one a round. A first round warms up and is not counted.
 */
export async function interleave<N extends string>(
  contenders: Readonly<Record<N, Contender>>,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Readonly<Record<N, number[]>>> {
  const names = Object.keys(contenders) as N[]
  const samples = Object.fromEntries(names.map(name => [name, []])) as unknown as Record<
    N,
    number[]
  >
  for (let round = 0; round <= rounds; round++) {
    onRound(round)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await contenders[name]()
      if (round > 0) samples[name].push(sample)
    }
  }
  return samples
}
