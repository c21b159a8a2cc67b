// Opens any episode by its number, listed or not.
import { useSession } from '../use-session.ts'

export function EpisodeJump() {
  const session = useSession()
  return (
    <form
      className="jump"
      onSubmit={event => {
        event.preventDefault()
        const input = event.currentTarget.elements.namedItem('episode')
        if (!(input instanceof HTMLInputElement)) return
        const episode = input.valueAsNumber
        if (Number.isSafeInteger(episode) && episode >= 0) session.openEpisode(episode)
      }}
    >
      <input
        name="episode"
        type="number"
        min={0}
        step={1}
        placeholder="#"
        aria-label="Open an episode by number"
      />
    </form>
  )
}
