// The offset between this machine's clock and the server's, from pings. A sample is as good as its
// round trip is short (the error is at most half of it), so the shortest of the last ones wins.

const SAMPLES_MAX = 16

export interface ClockSample {
  /** Milliseconds to add to this machine's time to get the server's. */
  readonly offsetMillis: number
  readonly roundTripMillis: number
}

/**
 * What one ping tells. All times are Unix milliseconds; `sent` and `received` by this machine's
 * clock, `serverTime` by the server's. Null when the answer came before the question (the clock
 * jumped in between).
 */
export function sampleOf(sent: number, serverTime: number, received: number): ClockSample | null {
  const roundTripMillis = received - sent
  if (!(roundTripMillis >= 0) || !Number.isFinite(serverTime)) return null
  return { offsetMillis: serverTime - (sent + received) / 2, roundTripMillis }
}

/** The last 16 samples with `sample` at the end; the oldest one goes. */
export function addSample(
  samples: readonly ClockSample[],
  sample: ClockSample,
): readonly ClockSample[] {
  return [...samples, sample].slice(-SAMPLES_MAX)
}

/** The sample with the shortest round trip, the newest of equals; null when there is none. */
export function bestSample(samples: readonly ClockSample[]): ClockSample | null {
  let best: ClockSample | null = null
  for (const sample of samples) {
    if (best === null || sample.roundTripMillis <= best.roundTripMillis) best = sample
  }
  return best
}
