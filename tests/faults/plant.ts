// Programs in which a line of the source reads differently: the negative controls of campaigns (does
// the check notice this bug?), and deaths in the middle of a function. The product knows nothing of
// it. A line that is not in its file exactly once ends the program at once.

/** In `file` (below the repository), `find` is replaced by `replace`. */
export interface Plant {
  readonly file: string
  readonly find: string
  readonly replace: string
}

const loader = new URL('./plant.loader.ts', import.meta.url).href

/** Options of Node for a process or Worker, and all threads that it starts, with the bugs planted. */
export const plantArgv = (plants: readonly Plant[]): string[] =>
  plants.length === 0 ? [] : ['--import', `${loader}?${encodeURIComponent(JSON.stringify(plants))}`]
