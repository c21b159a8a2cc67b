// What a producer and the process that holds the log say to each other.

/** Events `after + 1` to `position`. */
export interface Handed {
  readonly after: number
  readonly position: number
  /** Counts the times that the producer had to go back. */
  readonly round: number
}

/** It is durable; or it was refused, and this position is expected to be continued. */
export type Answer = { readonly round: number } & (
  | { readonly position: number }
  | { readonly expected: number }
)
