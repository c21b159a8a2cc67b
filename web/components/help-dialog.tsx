// The keys that work, from the same list that makes them work.
import type { Ref } from 'react'
import { keyBindings } from '../keyboard.ts'

export function HelpDialog({ ref }: { ref: Ref<HTMLDialogElement> }) {
  return (
    <dialog ref={ref} className="help" aria-label="Keyboard shortcuts">
      <form method="dialog">
        <header>
          <h2>Keyboard</h2>
          <button type="submit" className="icon" aria-label="Close">
            ✕
          </button>
        </header>
        <dl>
          {keyBindings.map(({ label, does }) => (
            <div key={label}>
              <dt>
                {label.split(' ').map(key => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p>In the list of episodes: ↑ ↓ choose, Enter replays.</p>
      </form>
    </dialog>
  )
}
