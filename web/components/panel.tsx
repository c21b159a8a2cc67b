// A titled box; the title names the region for screen readers.
import { type ReactNode, useId } from 'react'

interface PanelProps {
  readonly title: string
  readonly className?: string
  /** Beside the title, at the right. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

export function Panel({ title, className = '', aside, children }: PanelProps) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
