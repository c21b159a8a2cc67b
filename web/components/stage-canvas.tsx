// The loop that draws: with every frame that comes, and once an animation frame while something
// changes, it looks at the stage and shows what is new. Frames are drawn by another thread; no pixel
// passes through here.
import { useEffect, useRef } from 'react'
import { useStore } from 'zustand'
import type { StoreApi } from 'zustand/vanilla'
import type { FrameMessage } from '../../src/protocol/frame-message.ts'
import { drawTrail } from '../draw-trail.ts'
import { openScreen } from '../screen.ts'
import type { Look } from '../stage.ts'
import { cssValue, useTheme } from '../theme.ts'

/** What is drawn: a session, or one of several agents. */
interface Drawable {
  readonly store: Pick<
    StoreApi<{ readonly look: Look | null }>,
    'getState' | 'getInitialState' | 'subscribe'
  >
  onFrame: () => void
  onMessage: () => void
  look(): Look | null
  drawn(look: Look, at?: number): void
  notDrawn(problem: string): void
}

/**
 * So long after a change the loop goes on: figures follow within it (figure-pace.ts), and what plays
 * changes with every animation frame. A page that shows nothing new costs its viewer nothing.
 */
const AWAKE_MILLIS = 100
/** Then it looks now and then: time passes, and somebody may have led the stage elsewhere. */
const ASLEEP_MILLIS = 200
/** By these somebody leads it, and sees it at once. */
const USER_EVENTS = ['pointerdown', 'keydown', 'click', 'input'] as const

export function StageCanvas({ of }: { of: Drawable }) {
  const theme = useTheme()
  const place = useRef<HTMLDivElement>(null)
  const trail = useRef<HTMLCanvasElement>(null)
  const isStale = useRef(true)

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are drawn
  useEffect(() => {
    isStale.current = true
  }, [theme])

  useEffect(() => {
    const [element, trailElement] = [place.current, trail.current]
    if (element === null || trailElement === null) return
    const looks = new WeakMap<FrameMessage, Look>()
    const screen = openScreen(element, 'stage-canvas', {
      onDrawn(frame, at) {
        const look = looks.get(frame)
        if (look !== undefined) of.drawn(look, at)
      },
      onFailed: (_frame, problem) => of.notDrawn(problem),
    })
    let shown: Look | null = null
    let awakeUntil = 0
    const draw = (): void => {
      const look = of.look()
      if (look === shown && !isStale.current) return
      const frame = look?.frame ?? null
      if (look !== null && frame !== null && frame !== shown?.frame) {
        looks.set(frame, look)
        screen.show(frame)
      } else if (look !== null) {
        if (frame === null) paintTrail(trailElement, look)
        if (look !== shown) of.drawn(look)
      }
      element.dataset['shows'] = frame !== null ? 'frame' : hasTrail(look) ? 'trail' : 'nothing'
      shown = look
      isStale.current = false
      awakeUntil = performance.now() + AWAKE_MILLIS
    }
    let request = 0
    let timer = 0
    const loop = (): void => {
      window.clearTimeout(timer)
      draw()
      if (performance.now() < awakeUntil) wake()
      else timer = window.setTimeout(wake, ASLEEP_MILLIS)
    }
    const wake = (): void => {
      cancelAnimationFrame(request)
      request = requestAnimationFrame(loop)
    }
    const observer = new ResizeObserver(() => {
      isStale.current = true
      wake()
    })
    observer.observe(trailElement)
    of.onFrame = () => {
      draw()
      wake()
    }
    of.onMessage = wake
    for (const type of USER_EVENTS) window.addEventListener(type, wake, { passive: true })
    wake()
    return () => {
      of.onFrame = () => {}
      of.onMessage = () => {}
      for (const type of USER_EVENTS) window.removeEventListener(type, wake)
      window.clearTimeout(timer)
      cancelAnimationFrame(request)
      observer.disconnect()
      screen.close()
    }
  }, [of])

  const label = useStore(of.store, ({ look }) =>
    look === null ? 'No episode is shown' : `Episode ${look.episode} of agent ${look.agent}`,
  )
  return (
    <div ref={place} className="stage-picture" role="img" aria-label={label}>
      <canvas ref={trail} className="stage-canvas trail" />
    </div>
  )
}

const hasTrail = (look: Look | null): boolean =>
  look !== null && look.trail.length > 0 && look.bounds !== null

function paintTrail(canvas: HTMLCanvasElement, look: Look): void {
  if (look.bounds === null) return
  const width = Math.round(canvas.clientWidth * devicePixelRatio)
  const height = Math.round(canvas.clientHeight * devicePixelRatio)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  drawTrail(canvas, look.trail, look.bounds, {
    ground: cssValue('--stage'),
    line: cssValue('--accent'),
    grid: cssValue('--line'),
  })
}
