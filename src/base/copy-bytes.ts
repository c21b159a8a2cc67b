// The one copy that a frame costs, at the speed of the memory.

/** From here on the call into native code is paid back; measured, 4 KiB is about even. */
const NATIVE_BYTES_MIN = 8192

/**
 * Writes `source` to `target[offset ...]`; they must not overlap. A RangeError when it does not fit.
 *
 * Either may be memory that threads share, and then this is twice as fast as `set`, which copies
 * such memory a word at a time, each by an atomic access of its own (V8's `Relaxed_Memmove`).
 * `fill` of as many bytes as its pattern has is one `memcpy`. Who reads or writes the same bytes at
 * the same time finds some of each, as with `set`: what orders the two is up to the caller.
 *
 * For bytes that some cache still has. Where nobody looked at either side for long, as when a trainer
 * hands in a frame after computing, it is not faster than `set`, on AMD's processors slower.
 */
export function copyBytes(
  target: Uint8Array,
  offset: number,
  source: Uint8Array | Uint8ClampedArray,
): void {
  const { byteLength } = source
  if (byteLength < NATIVE_BYTES_MIN || offset + byteLength > target.byteLength) {
    target.set(source, offset)
  } else {
    fill.call(target, source as Uint8Array, offset, offset + byteLength)
  }
}

const { fill } = Buffer.prototype
