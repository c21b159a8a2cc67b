// The keys, as data: what `?` lists is what works. They are those of YouTube and of video editors.
import type { Session } from './session.ts'
import { compareRoute } from './state/compare-route.ts'

/** What a key may ask of the page around the session. */
export interface PageActions {
  focusFilter(): void
  showHelp(): void
}

interface KeyBinding {
  /** Values of KeyboardEvent.key. */
  readonly keys: readonly string[]
  /** What the help shows for them. */
  readonly label: string
  readonly does: string
  readonly run: (session: Session, page: PageActions) => void
}

const stepping = (label: string, keys: readonly string[], steps: number): KeyBinding => ({
  keys,
  label,
  does: `${steps < 0 ? 'Back' : 'Forward'} ${Math.abs(steps) === 1 ? 'one step' : `${Math.abs(steps)} steps`}`,
  run: session => session.controls.stepBy(steps),
})

export const keyBindings: readonly KeyBinding[] = [
  {
    keys: [' ', 'k', 'K'],
    label: 'Space K',
    does: 'Play or pause, also the live run',
    run: session => session.controls.togglePlaying(),
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
    run: session => session.controls.shiftSpeed(-1),
  },
  {
    keys: ['>', '+'],
    label: '> +',
    does: 'Faster',
    run: session => session.controls.shiftSpeed(1),
  },
  {
    keys: ['r', 'R'],
    label: 'R',
    does: 'Repeat the episode, or not',
    run: session => session.controls.toggleLoop(),
  },
  {
    keys: ['Home'],
    label: 'Home',
    does: 'To the first step',
    run: session => session.controls.toStart(),
  },
  { keys: ['End'], label: 'End', does: 'Go live', run: session => session.backToLive() },
  {
    keys: ['['],
    label: '[',
    does: 'Previous episode',
    run: session => session.controls.openNeighbour(-1),
  },
  {
    keys: [']'],
    label: ']',
    does: 'Next episode',
    run: session => session.controls.openNeighbour(1),
  },
  {
    keys: ['p', 'P'],
    label: 'P',
    does: 'Previous interesting episode',
    run: session => session.controls.openInteresting(-1),
  },
  {
    keys: ['n', 'N'],
    label: 'N',
    does: 'Next interesting episode',
    run: session => session.controls.openInteresting(1),
  },
  {
    keys: ['c', 'C'],
    label: 'C',
    does: 'Compare with the best episode',
    run: session => {
      const route = compareRoute(session.store.getState())
      if (route !== null) session.go(route)
    },
  },
  { keys: ['/'], label: '/', does: 'Filter the episodes', run: (_, page) => page.focusFilter() },
  { keys: ['?'], label: '?', does: 'These keys', run: (_, page) => page.showHelp() },
]

/** Runs what the key stands for; false when it stands for nothing. */
export function runKey(key: string, session: Session, page: PageActions): boolean {
  const binding = keyBindings.find(({ keys }) => keys.includes(key))
  binding?.run(session, page)
  return binding !== undefined
}
