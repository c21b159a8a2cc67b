// The keys, as data: what `?` lists is what works.
import type { Session } from './session.ts'

interface KeyBinding {
  /** Values of KeyboardEvent.key. */
  readonly keys: readonly string[]
  /** What the help shows for them. */
  readonly label: string
  readonly does: string
  readonly run: (session: Session) => void
}

export const keyBindings: readonly KeyBinding[] = [
  { keys: [' ', 'k', 'K'], label: 'Space K', does: 'Play or pause', run: s => s.togglePlaying() },
  { keys: ['j', 'J'], label: 'J', does: 'Back 50 steps', run: s => s.stepBy(-50) },
  { keys: ['l', 'L'], label: 'L', does: 'Forward 50 steps', run: s => s.stepBy(50) },
  { keys: ['ArrowLeft'], label: '←', does: 'Back 10 steps', run: s => s.stepBy(-10) },
  { keys: ['ArrowRight'], label: '→', does: 'Forward 10 steps', run: s => s.stepBy(10) },
  { keys: [','], label: ',', does: 'Back one step', run: s => s.stepBy(-1) },
  { keys: ['.'], label: '.', does: 'Forward one step', run: s => s.stepBy(1) },
  { keys: ['<', '-'], label: '< −', does: 'Slower', run: s => s.shiftSpeed(-1) },
  { keys: ['>', '+'], label: '> +', does: 'Faster', run: s => s.shiftSpeed(1) },
  { keys: ['['], label: '[', does: 'Previous episode', run: s => s.openNeighbour(-1) },
  { keys: [']'], label: ']', does: 'Next episode', run: s => s.openNeighbour(1) },
  { keys: ['Home'], label: 'Home', does: 'To the first step', run: s => s.seek(0) },
  { keys: ['End'], label: 'End', does: 'Back to live', run: s => s.backToLive() },
]

/** Runs what the key stands for; false when it stands for nothing. */
export function runKey(key: string, session: Session): boolean {
  const binding = keyBindings.find(({ keys }) => keys.includes(key))
  binding?.run(session)
  return binding !== undefined
}
