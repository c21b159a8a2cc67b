// The same campaigns run in two tiers: `npm test` (commit) with figures that fit a commit, and
// `npm run test:slow` with the full ones. A campaign states both, side by side.

/** The tier that runs: `slow` when ROLLCAST_TIER says so. */
export const tier = process.env['ROLLCAST_TIER'] === 'slow' ? 'slow' : 'commit'

/** How often, or which: `commit` in the ordinary tier, `slow` in the slow one. */
export function runs<T>(commit: T, slow: T): T {
  return tier === 'slow' ? slow : commit
}
