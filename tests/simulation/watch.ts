// What an invariant is made of: a watch looks at what is new and says what it found wrong, if anything.

/** Says what is wrong now; undefined when nothing is. */
export type Watch = () => string | undefined

/** Looks at each new item of a growing list, once. */
export function forEachNew<T>(
  list: readonly T[],
  look: (item: T, index: number) => string | undefined,
): Watch {
  let next = 0
  return () => {
    while (next < list.length) {
      const found = look(list[next]!, next)
      next++
      if (found !== undefined) return found
    }
    return undefined
  }
}

export const both =
  (...watches: readonly Watch[]): Watch =>
  () => {
    for (const watch of watches) {
      const found = watch()
      if (found !== undefined) return found
    }
    return undefined
  }

export const isSame = (a: Uint8Array, b: Uint8Array | undefined): boolean =>
  b !== undefined && Buffer.compare(a, b) === 0
