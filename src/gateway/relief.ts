// Who gives way when too much waits for viewers together: of those that do not read whoever holds most.
// While there is room they are told so and have two seconds to go; past the bound nobody is waited for,
// and when all read, it is those that hold most.
import type { Backlog } from './backlog.ts'
import type { CloseReason } from './closings.ts'
import type { Lane } from './lane.ts'

/** A viewer, as far as it holds memory. */
export interface Holder {
  readonly lane: Pick<Lane, 'holding' | 'reads'>
  /** It was told to go. */
  readonly leaving: boolean
  close(reason: CloseReason): void
  terminate(): void
}

export interface ReliefCounters {
  /** Viewers that were cut because too much waited for all of them. */
  crowdedOut: number
}

const [LEAVING, STUCK, READING] = [0, 1, 2]

/** Makes viewers go until what the others hold, and `wantedBytes` more, is not too much. */
export function relieve(
  backlog: Backlog,
  viewers: Iterable<Holder>,
  counters: ReliefCounters,
  wantedBytes: number,
): void {
  const holders = [...viewers].filter(viewer => bytesOf(viewer) > 0)
  holders.sort((a, b) => rankOf(a) - rankOf(b) || bytesOf(b) - bytesOf(a))
  let excess = backlog.bytes + wantedBytes - backlog.crowdedBytes
  for (const viewer of holders) {
    const { leaving } = viewer
    const heldBytes = bytesOf(viewer)
    const isPast = backlog.bytes > backlog.bytesMax
    if (!isPast && (excess <= 0 || rankOf(viewer) === READING)) break
    if (!leaving) counters.crowdedOut++
    if (isPast) viewer.terminate()
    else if (!leaving) viewer.close('crowded')
    excess -= heldBytes
  }
}

/** Those with the lowest go first. */
const rankOf = ({ leaving, lane }: Holder): number =>
  leaving ? LEAVING : lane.reads ? READING : STUCK

const bytesOf = ({ lane }: Holder): number => lane.holding.bytes
