// The page's icons, drawn here so that no font has to have them. Sized by the text around them.

const paths = {
  play: 'M4 2.5v11l9-5.5z',
  pause: 'M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z',
  stepBack: 'M10.5 3v10L4 8z',
  stepForward: 'M5.5 3v10L12 8z',
  previous: 'M3 3h2v10H3zM13 3v10L6 8z',
  next: 'M11 3h2v10h-2zM3 3v10l7-5z',
  loop: 'M4.5 3.5H11V1l4 3.5L11 8V5.5H4.5a1.5 1.5 0 0 0-1.5 1.5v1H1V7a3.5 3.5 0 0 1 3.5-3.5zM11.5 12.5H5V15l-4-3.5L5 8v2.5h6.5A1.5 1.5 0 0 0 13 9V8h2v1a3.5 3.5 0 0 1-3.5 3.5z',
  starPrevious:
    'M5.5 3.5v9L1 8zM11 3l1.4 3 3.1.4-2.3 2.2.6 3.2L11 10.2l-2.8 1.6.6-3.2L6.5 6.4 9.6 6z',
  starNext: 'M10.5 3.5v9L15 8zM5 3l1.4 3 3.1.4-2.3 2.2.6 3.2L5 10.2l-2.8 1.6.6-3.2L.5 6.4 3.6 6z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.3.8h1.4v2.4H7.3zM7.3 12.8h1.4v2.4H7.3zM.8 7.3h2.4v1.4H.8zM12.8 7.3h2.4v1.4h-2.4zM2.4 3.4l1-1 1.7 1.7-1 1zM10.9 11.9l1-1 1.7 1.7-1 1zM3.4 13.6l-1-1 1.7-1.7 1 1zM11.9 5.1l-1-1 1.7-1.7 1 1z',
  moon: 'M6.2 1.6a6.6 6.6 0 1 0 8.2 8.2A5.4 5.4 0 0 1 6.2 1.6z',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} fill="currentColor" />
    </svg>
  )
}
