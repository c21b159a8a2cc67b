// The box in which a predicate is typed, for the server to look for. What is wrong with it is said
// below it, with a mark under the very place; meanwhile the table shows what was found by the last one.
import { fields } from '../../src/protocol/predicate/fields.ts'
import { useSession, useViewer } from '../use-session.ts'

/** Where the key `/` leads. */
export const FILTER_ID = 'episode-filter'

const EXAMPLES = ['terminated and return < 0', 'length > 200', 'best(10)', 'stage changed']

export function EpisodeFilterBox() {
  const { search, foundPlayer } = useSession()
  const filter = useViewer(state => state.filter)
  const playsFound = useViewer(state => state.playsFound)
  const { error } = filter
  return (
    <div className="filter">
      <input
        id={FILTER_ID}
        type="search"
        value={filter.text}
        placeholder="Filter, e.g. length > 200 and not terminated"
        spellCheck={false}
        autoComplete="off"
        aria-label="Filter the episodes"
        aria-invalid={error !== null}
        aria-describedby="filter-note"
        title={`Fields: ${Object.keys(fields).join(', ')}; also best(n), worst(n), every(n)`}
        onChange={event => search.type(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          if (filter.text === '') event.currentTarget.blur()
          search.type('')
        }}
        list="filter-examples"
      />
      <button
        type="button"
        className="play-found"
        aria-pressed={playsFound}
        disabled={filter.predicate === null && !playsFound}
        title="Play the newest episode that the filter means, and then those that end, instead of all"
        onClick={foundPlayer.toggle}
      >
        Play only these
      </button>
      <datalist id="filter-examples">
        {EXAMPLES.map(example => (
          <option key={example} value={example} />
        ))}
      </datalist>
      <div id="filter-note" aria-live="polite">
        {error !== null && (
          <>
            <pre className="filter-pointed" aria-hidden="true">
              {error.pointed}
            </pre>
            <p className="filter-error">{error.message}</p>
          </>
        )}
      </div>
    </div>
  )
}
