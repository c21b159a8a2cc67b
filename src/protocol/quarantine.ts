// An event that kills an actor each time it is handled must not kill it for ever. The actor says
// what it had in hand when it failed; after some deaths over the same it passes that over, and says
// so in the log. A place is the number of an event or, for the recorder, a position of the ring.

/** What an actor had in hand: places from `from` up to, not including, `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A place that an actor passes over. */
export interface Quarantined {
  readonly place: number
  /** What the actor died of there. */
  readonly error: string
  readonly deaths: number
}

/** Deaths over one place that are put down to chance; one more and it is passed over. */
const DEATHS_FORGIVEN = 2
/** Places of one actor that are passed over; past it the limit of deaths is all there is. */
export const quarantinedMax = 16

/** What may be to blame for an actor's deaths. */
export interface Suspicion {
  readonly span: Span
  /** When it died over it, monotonic milliseconds. */
  readonly deaths: readonly number[]
}

/** The suspicion after one more death. It gets narrower as the actor looks more closely. */
export function suspect(before: Suspicion | null, span: Span, atMillis: number): Suspicion {
  const within = before && span.from >= before.span.from && span.to <= before.span.to
  return { span, deaths: within ? [...before.deaths, atMillis] : [atMillis] }
}

export const isProven = ({ deaths }: Suspicion): boolean => deaths.length > DEATHS_FORGIVEN
