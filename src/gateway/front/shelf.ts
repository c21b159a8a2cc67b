// What a front is in front of: runs by name, each with a gateway of its own that is there while
// somebody watches.
import type { RunList } from '../../protocol/run-list.ts'
import type { Behind } from '../server.ts'

/** The gateway of one run, which stays until it is left by whoever opened it. */
export interface Backend {
  /** Of its Unix socket. */
  readonly socketPath: string
  /** To be called once. */
  leave(): void
}

/** What a gateway has from the front that it is behind. */
export type FrontDoor = Omit<Behind, 'socketPath'>

export interface Shelf {
  /** `limit` runs after the first `offset`. */
  list(offset: number, limit: number): Promise<RunList>
  /** The first one of the list; null while there is none. */
  newest(): Promise<string | null>
  has(name: string): Promise<boolean>
  /**
   * The gateway of that run, or, for null, of a page that waits for one; started when it is not
   * there. Throws NOT_FOUND, UNAVAILABLE when as many are watched as may be, and whatever keeps the
   * log from being read.
   */
  open(name: string | null, door: FrontDoor): Promise<Backend>
}
