// Addresses within the page, in the part after `#`, so that no server has to know them:
// `#/episode/12?t=3.2`, `#/compare/12/15`, `#/grid`, `#/system`; everything else is the live run.

export type Route =
  | { readonly view: 'live' }
  /** `atSeconds`: where the episode stands still; null plays it. */
  | { readonly view: 'episode'; readonly episode: number; readonly atSeconds: number | null }
  | { readonly view: 'compare'; readonly left: number; readonly right: number }
  | { readonly view: 'grid' }
  | { readonly view: 'system' }

const EPISODE = /^#\/episode\/(\d{1,15})(?:\?t=(\d{1,9}(?:\.\d{1,6})?))?$/
const COMPARE = /^#\/compare\/(\d{1,15})\/(\d{1,15})$/

/** The route that a location's hash means; what is none means the live run. */
export function parseRoute(hash: string): Route {
  if (hash === '#/grid') return { view: 'grid' }
  if (hash === '#/system') return { view: 'system' }
  const episode = EPISODE.exec(hash)
  if (episode !== null) {
    const at = episode[2] === undefined ? null : Number(episode[2])
    return { view: 'episode', episode: Number(episode[1]), atSeconds: at }
  }
  const compare = COMPARE.exec(hash)
  if (compare !== null) {
    return { view: 'compare', left: Number(compare[1]), right: Number(compare[2]) }
  }
  return { view: 'live' }
}

/** The hash of a route; `parseRoute` of it gives the route, to a millisecond. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'live':
      return '#/'
    case 'episode': {
      const { episode, atSeconds } = route
      const at = atSeconds === null ? '' : `?t=${Number(Math.max(0, atSeconds).toFixed(3))}`
      return `#/episode/${episode}${at}`
    }
    case 'compare':
      return `#/compare/${route.left}/${route.right}`
    default:
      return `#/${route.view}`
  }
}
