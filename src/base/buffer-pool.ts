// Buffers that are used again. Fresh memory of a megabyte costs a page fault every 4 KiB and the
// garbage collector a round of its own, together more than what is done with it. Whoever takes a
// buffer gives it back when nobody looks at it any more; one that is not given back is collected
// like everything else.
import { assert } from './assert.ts'

export interface BufferPoolOptions {
  /** Bytes that lie ready, at most: past them those of a length that nobody uses any more go. */
  readonly bytesMax: number
  /** Whether threads may share the buffers. Default false. */
  readonly shared?: boolean
}

export class BufferPool {
  readonly #options: BufferPoolOptions
  /** What lies ready, by length; the length that was given back last is the last one. */
  readonly #ready = new Map<number, Uint8Array[]>()
  #readyBytes = 0

  constructor(options: BufferPoolOptions) {
    this.#options = options
  }

  /** Bytes that lie ready. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  /** A buffer of that length, from the beginning of its memory; its contents are arbitrary. */
  take(byteLength: number): Uint8Array {
    const alike = this.#ready.get(byteLength)
    const buffer = alike?.pop()
    if (alike?.length === 0) this.#ready.delete(byteLength)
    if (buffer !== undefined) {
      this.#readyBytes -= byteLength
      return buffer
    }
    const { shared = false } = this.#options
    return new Uint8Array(shared ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength))
  }

  /** Takes back a whole buffer of `take`, which nobody looks at any more. */
  give(buffer: Uint8Array): void {
    const { byteLength } = buffer
    if (byteLength > this.#options.bytesMax) return
    const alike = this.#ready.get(byteLength) ?? []
    assert(!alike.includes(buffer), 'a buffer is given back once')
    this.#ready.delete(byteLength)
    this.#ready.set(byteLength, alike)
    alike.push(buffer)
    this.#readyBytes += byteLength
    this.#shrink()
  }

  #shrink(): void {
    const { bytesMax } = this.#options
    for (const [byteLength, alike] of this.#ready) {
      while (this.#readyBytes > bytesMax && alike.length > 0) {
        alike.pop()
        this.#readyBytes -= byteLength
      }
      if (this.#readyBytes <= bytesMax) return
      this.#ready.delete(byteLength)
    }
  }
}
