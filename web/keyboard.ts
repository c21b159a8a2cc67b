// The keys, as data: what `?` lists is what works, on what is seen. They are those of YouTube and of
// video editors.
import type { Route } from './permalink.ts'
import type { Player } from './playback.ts'
import type { Session } from './session.ts'
import { compareRoute } from './state/compare-route.ts'

/** What a key may ask of the page around the session. */
export interface PageActions {
  focusFilter(): void
  showHelp(): void
}

/** What is there for a key to act on. */
interface Shown {
  readonly session: Session
  /** What plays: the page's stage, or the one clock of a comparison. */
  readonly player: Player
  readonly page: PageActions
}

interface KeyBinding {
  /** Values of KeyboardEvent.key. */
  readonly keys: readonly string[]
  /** What the help shows for them. */
  readonly label: string
  readonly does: string
  /** The views in which it acts on what is seen; elsewhere the key is the browser's. Default all. */
  readonly views?: readonly Route['view'][]
  readonly run: (shown: Shown) => void
}

/** Where the run is, live or an episode of it; and where anything plays. */
const stages = ['live', 'episode'] as const
const players = [...stages, 'compare'] as const

const stepping = (label: string, keys: readonly string[], steps: number): KeyBinding => ({
  keys,
  label,
  does: `${steps < 0 ? 'Back' : 'Forward'} ${Math.abs(steps) === 1 ? 'one step' : `${Math.abs(steps)} steps`}`,
  views: players,
  run: ({ player }) => player.stepBy(steps),
})

export const keyBindings: readonly KeyBinding[] = [
  {
    keys: [' ', 'k', 'K'],
    label: 'Space K',
    does: 'Play or pause, also the live run',
    views: players,
    run: ({ player }) => player.togglePlaying(),
  },
  stepping('J', ['j', 'J'], -50),
  stepping('L', ['l', 'L'], 50),
  stepping('←', ['ArrowLeft'], -10),
  stepping('→', ['ArrowRight'], 10),
  stepping(',', [','], -1),
  stepping('.', ['.'], 1),
  {
    keys: ['<', '-'],
    label: '< −',
    does: 'Slower',
    views: players,
    run: ({ player }) => player.shiftSpeed(-1),
  },
  {
    keys: ['>', '+'],
    label: '> +',
    does: 'Faster',
    views: players,
    run: ({ player }) => player.shiftSpeed(1),
  },
  {
    keys: ['r', 'R'],
    label: 'R',
    does: 'Repeat the episode, or not',
    views: players,
    run: ({ player }) => player.toggleLoop(),
  },
  {
    keys: ['Home'],
    label: 'Home',
    does: 'To the first step',
    views: players,
    run: ({ player }) => player.toStart(),
  },
  { keys: ['End'], label: 'End', does: 'Go live', run: ({ session }) => session.backToLive() },
  {
    keys: ['['],
    label: '[',
    does: 'Previous episode',
    views: stages,
    run: ({ session }) => session.controls.openNeighbour(-1),
  },
  {
    keys: [']'],
    label: ']',
    does: 'Next episode',
    views: stages,
    run: ({ session }) => session.controls.openNeighbour(1),
  },
  {
    keys: ['p', 'P'],
    label: 'P',
    does: 'Previous interesting episode',
    views: stages,
    run: ({ session }) => session.controls.openInteresting(-1),
  },
  {
    keys: ['n', 'N'],
    label: 'N',
    does: 'Next interesting episode',
    views: stages,
    run: ({ session }) => session.controls.openInteresting(1),
  },
  {
    keys: ['c', 'C'],
    label: 'C',
    does: 'Compare with the best episode',
    run: ({ session }) => {
      const route = compareRoute(session.store.getState())
      if (route !== null) session.go(route)
    },
  },
  {
    keys: ['/'],
    label: '/',
    does: 'Filter the episodes',
    views: stages,
    run: ({ page }) => page.focusFilter(),
  },
  { keys: ['?'], label: '?', does: 'These keys', run: ({ page }) => page.showHelp() },
]

/** Runs what the key stands for; false when it stands for nothing in the view that is shown. */
export function runKey(key: string, shown: Shown): boolean {
  const { view } = shown.session.store.getState().route
  const binding = keyBindings.find(({ keys }) => keys.includes(key))
  if (binding === undefined || binding.views?.includes(view) === false) return false
  binding.run(shown)
  return true
}
