// Chance is handed in. A small seeded generator (xoshiro128**, Blackman and Vigna 2018), seeded
// through splitmix32 so that nearby seeds give unrelated streams.

/** A source of pseudo-random numbers. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits of resolution. */
  next(): number
  /** Uniform integer in [0, bound); `bound` is an integer in 1..2^32. */
  below(bound: number): number
}

function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
}

const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

/** A generator that gives the same stream for the same `seed` (any integer) on every machine. */
export function seededRandom(seed: number): Random {
  const mix = splitmix32(seed)
  let a = mix() | 0
  let b = mix() | 0
  let c = mix() | 0
  let d = mix() | 1
  const bits = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result >>> 0
  }
  return {
    next: () => bits() / 0x1_0000_0000,
    below: bound => Math.floor((bits() / 0x1_0000_0000) * bound),
  }
}
