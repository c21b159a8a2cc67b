// The loop that draws: once an animation frame it looks at the stage and draws what is new. No
// pixel passes through React.
import { useEffect, useRef } from 'react'
import { FramePainter } from '../draw-frame.ts'
import { drawTrail } from '../draw-trail.ts'
import type { Look } from '../stage.ts'
import { cssValue, useTheme } from '../theme.ts'
import { useSession, useViewer } from '../use-session.ts'

export function StageCanvas() {
  const session = useSession()
  const theme = useTheme()
  const canvas = useRef<HTMLCanvasElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are drawn
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const painter = new FramePainter()
    let drawn: Look | null = null
    let resized = false
    const draw = (): void => {
      request = requestAnimationFrame(draw)
      const look = session.look()
      if (look === drawn && !resized) return
      if (look === null) element.classList.remove('shown')
      else {
        paint(element, painter, look)
        if (look !== drawn) session.drawn(look)
      }
      drawn = look
      resized = false
    }
    const observer = new ResizeObserver(() => {
      resized = true
    })
    observer.observe(element)
    let request = requestAnimationFrame(draw)
    return () => {
      cancelAnimationFrame(request)
      observer.disconnect()
    }
  }, [session, theme])
  const label = useViewer(({ look }) =>
    look === null ? 'No episode is shown' : `Episode ${look.episode} of agent ${look.agent}`,
  )
  return <canvas ref={canvas} className="stage-canvas" role="img" aria-label={label} />
}

function paint(canvas: HTMLCanvasElement, painter: FramePainter, look: Look): void {
  const hasTrail = look.trail.length > 0 && look.bounds !== null
  canvas.classList.toggle('shown', look.frame !== null || hasTrail)
  canvas.classList.toggle('trail', look.frame === null)
  if (look.frame !== null) painter.draw(canvas, look.frame)
  else if (look.bounds !== null) {
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
}
