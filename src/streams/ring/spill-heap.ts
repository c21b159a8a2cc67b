// Records that wait on the heap for room in the ring, in order. They are held in large blocks, in
// the ring's own record format, so that a record costs no allocation of its own and moving it is a
// copy. Blocks that empty are used again.
import { assert } from '../../base/assert.ts'
import { MIB } from '../../base/bytes.ts'
import { RECORD_HEADER_BYTES, recordBytes } from './layout.ts'

const BLOCK_BYTES = MIB
/** Empty blocks kept for the next time. */
const SPARE_BLOCKS_MAX = 2

export interface SpillBlock {
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
  /** Where the oldest record starts, and where the newest ends. */
  start: number
  end: number
}

function makeBlock(bytes: number): SpillBlock {
  const buffer = new ArrayBuffer(bytes)
  return {
    words: new Int32Array(buffer),
    floats: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
    start: 0,
    end: 0,
  }
}

export class SpillHeap {
  #blocks: SpillBlock[] = []
  #spare: SpillBlock[] = []
  #count = 0
  #bytes = 0
  #claimBytes = 0

  /** Records held. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the records held, with their headers and what was left unused at ends of blocks. */
  get bytes(): number {
    return this.#bytes
  }

  /** What `bytes` would grow by for a record of `lengthBytes`. */
  costOf(lengthBytes: number): number {
    const size = recordBytes(lengthBytes)
    const newest = this.#blocks.at(-1)
    const left = newest === undefined || newest.end === 0 ? 0 : newest.bytes.length - newest.end
    return size > left ? left + size : size
  }

  /** Room for a payload in `newest`, at the byte offset returned. Counts from `commit` on. */
  claim(lengthBytes: number): number {
    const size = recordBytes(lengthBytes)
    const newest = this.#blocks.at(-1)
    if (newest === undefined || newest.end + size > newest.bytes.length) this.#addBlock(size)
    this.#claimBytes = lengthBytes
    return this.newest.end + RECORD_HEADER_BYTES
  }

  commit(tag: number): void {
    const block = this.newest
    block.words[block.end >> 2] = this.#claimBytes
    block.words[(block.end >> 2) + 1] = tag
    const size = recordBytes(this.#claimBytes)
    block.end += size
    this.#bytes += size
    this.#count++
  }

  /** The block that the last claim lies in. */
  get newest(): SpillBlock {
    const block = this.#blocks.at(-1)
    assert(block !== undefined, 'an empty spill heap has no block')
    return block
  }

  /** The block whose `start` is the oldest record; there must be one. */
  get oldest(): SpillBlock {
    assert(this.#count > 0, 'an empty spill heap has no record')
    return this.#blocks[0]!
  }

  /** Lets go of the oldest record. */
  shift(): void {
    const block = this.oldest
    const size = recordBytes(block.words[block.start >> 2]!)
    block.start += size
    this.#bytes -= size
    this.#count--
    if (block.start < block.end) return
    // The newest block is used from its beginning again; an older one leaves its unused rest too.
    if (this.#blocks.length > 1) {
      this.#bytes -= block.bytes.length - block.end
      this.#blocks.shift()
      if (block.bytes.length === BLOCK_BYTES && this.#spare.length < SPARE_BLOCKS_MAX) {
        this.#spare.push(block)
      }
    }
    block.start = 0
    block.end = 0
  }

  #addBlock(size: number): void {
    const newest = this.#blocks.at(-1)
    if (newest !== undefined && newest.end === 0) this.#blocks.pop()
    else if (newest !== undefined) this.#bytes += newest.bytes.length - newest.end
    const spare = size <= BLOCK_BYTES ? this.#spare.pop() : undefined
    this.#blocks.push(spare ?? makeBlock(Math.max(size, BLOCK_BYTES)))
  }
}
