// A disk that keeps what it must and nothing else. Data is durable when a flush of its file has
// finished after it, or when it was written through an O_DSYNC descriptor; a name is durable when
// its directory was flushed. Of the rest a crash keeps nothing, all, or any part, in pieces of a
// sector or a page; a file may even have grown without its bytes.
import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { assert } from '../../../src/base/assert.ts'
import type { Random } from '../../../src/base/random.ts'
import type { Call } from './recording.ts'

/** What a crash keeps of what was not durable. */
export const survivals = ['nothing', 'everything', 'sectors', 'pages'] as const
export type Survival = (typeof survivals)[number]

const PIECE_BYTES = { sectors: 512, pages: 4096 }

interface Pending {
  readonly offset: number
  readonly data: Buffer
}

/** A file, or a directory when it has entries. */
class Inode {
  durable: Buffer = Buffer.alloc(0)
  pending: Pending[] = []
  readonly entries = new Map<string, Inode>()
  readonly directory: boolean

  constructor(directory: boolean) {
    this.directory = directory
  }

  /** Makes a write durable at once; older bytes at its place can no longer come over it. */
  writeThrough(offset: number, data: Buffer): void {
    const end = offset + data.length
    this.pending = this.pending.flatMap(old => {
      const before = old.data.subarray(0, Math.max(0, offset - old.offset))
      const after = old.data.subarray(Math.max(0, end - old.offset))
      const parts = [
        { offset: old.offset, data: before },
        { offset: old.offset + old.data.length - after.length, data: after },
      ]
      return parts.filter(part => part.data.length > 0)
    })
    this.#write(offset, data)
  }

  #write(offset: number, data: Buffer): void {
    const end = offset + data.length
    if (end > this.durable.length) this.durable = grown(this.durable, end)
    data.copy(this.durable, offset)
  }

  flush(): void {
    for (const { offset, data } of this.pending) this.#write(offset, data)
    this.pending = []
  }

  /** The bytes that a crash leaves. */
  image(survival: Survival, random: Random): Buffer {
    const ends = this.pending.map(({ offset, data }) => offset + data.length)
    const lengthMax = Math.max(this.durable.length, ...ends)
    const bytes = grown(this.durable, lengthMax)
    let length = this.durable.length
    const keep = (offset: number, data: Buffer): void => {
      data.copy(bytes, offset)
      length = Math.max(length, offset + data.length)
    }
    const likelihood = survival === 'nothing' ? 0 : survival === 'everything' ? 1 : random.next()
    for (const { offset, data } of this.pending) {
      if (likelihood === 0 || likelihood === 1) {
        if (likelihood === 1) keep(offset, data)
        continue
      }
      const pieceBytes = survival === 'pages' ? PIECE_BYTES.pages : PIECE_BYTES.sectors
      for (let at = 0; at < data.length; ) {
        const next = Math.min(data.length, at + pieceBytes - ((offset + at) % pieceBytes))
        if (random.next() < likelihood) keep(offset + at, data.subarray(at, next))
        at = next
      }
    }
    // A file system may have made a file longer before its bytes came.
    if (likelihood > 0 && random.below(4) === 0) length += random.below(lengthMax - length + 1)
    return bytes.subarray(0, length)
  }
}

function grown(bytes: Buffer, length: number): Buffer {
  const larger = Buffer.alloc(Math.max(length, bytes.length))
  bytes.copy(larger)
  return larger
}

/** A change of names, in the directories that it touches. */
interface Renaming {
  readonly touches: readonly Inode[]
  readonly apply: (entriesOf: (directory: Inode) => Map<string, Inode>) => void
}

export interface ImageFile {
  readonly path: string
  /** Undefined for a directory. */
  readonly bytes: Buffer | undefined
}

export class SimulatedDisk {
  readonly #root = new Inode(true)
  /** Names as the program saw them; those in the inodes are the durable ones. */
  readonly #seen = new Map<Inode, Map<string, Inode>>([[this.#root, new Map()]])
  readonly #descriptors = new Map<number, { inode: Inode; through: boolean }>()
  #names: Renaming[] = []

  /** The call has finished. */
  finish(call: Call): void {
    const { kind, path, offset } = call
    if (kind === 'open') this.#open(call)
    else if (kind === 'close') this.#descriptors.delete(call.descriptor)
    else if (kind === 'write') {
      const { inode, through } = this.#at(call)
      if (through) inode.writeThrough(offset, call.data)
      else inode.pending.push(call)
    } else if (kind === 'truncate') {
      // Only LMDB's lock file is ever stretched, and nobody relies on that.
      assert(this.#at(call).inode.durable.length <= offset, 'a file was cut off')
    } else if (kind === 'sync') this.#flush(this.#at(call).inode)
    else if (kind === 'mkdir') this.#make(path, new Inode(true))
    else if (kind === 'remove') this.#change(path)
    else if (kind === 'rename') this.#change(path, call.data.toString())
    else if (kind === 'link') this.#link(call.data.toString(), this.#known(path))
  }

  #at({ descriptor }: Call): { inode: Inode; through: boolean } {
    const found = this.#descriptors.get(descriptor)
    assert(found, `descriptor ${descriptor} was not opened`)
    return found
  }

  #open({ descriptor, path, offset: flags }: Call): void {
    const inode = this.#find(path) ?? this.#make(path, new Inode(false))
    const empty = inode.durable.length === 0 && inode.pending.length === 0
    assert((flags & constants.O_TRUNC) === 0 || empty, `${path} was cut off`)
    this.#descriptors.set(descriptor, { inode, through: (flags & constants.O_DSYNC) !== 0 })
  }

  #find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.#root
    for (const name of path === '' ? [] : path.split('/')) inode = this.#seen.get(inode!)?.get(name)
    return inode
  }

  #known(path: string): Inode {
    const inode = this.#find(path)
    assert(inode, `${path}: no such file`)
    return inode
  }

  #place(path: string): { directory: Inode; name: string } {
    const parent = dirname(path)
    const directory = this.#known(parent === '.' ? '' : parent)
    return { directory, name: path.slice(path.lastIndexOf('/') + 1) }
  }

  #make(path: string, inode: Inode): Inode {
    this.#seen.set(inode, new Map())
    this.#link(path, inode)
    return inode
  }

  #link(path: string, inode: Inode): void {
    const { directory, name } = this.#place(path)
    this.#rename([directory], entriesOf => entriesOf(directory).set(name, inode))
  }

  /** Takes the name away, or gives its file another one. */
  #change(path: string, to?: string): void {
    const from = this.#place(path)
    const target = to === undefined ? undefined : this.#place(to)
    const inode = this.#known(path)
    this.#rename([from.directory, ...(target ? [target.directory] : [])], entriesOf => {
      entriesOf(from.directory).delete(from.name)
      if (target) entriesOf(target.directory).set(target.name, inode)
    })
  }

  #rename(touches: readonly Inode[], apply: Renaming['apply']): void {
    apply(directory => this.#seen.get(directory)!)
    this.#names.push({ touches, apply })
  }

  /** A flush of a directory takes along the earlier changes that its own build on. */
  #flush(inode: Inode): void {
    inode.flush()
    const flushed = new Set([inode])
    const durable = this.#names.toReversed().filter(({ touches }) => {
      const taken = touches.some(directory => flushed.has(directory))
      if (taken) for (const directory of touches) flushed.add(directory)
      return taken
    })
    for (const { apply } of durable.toReversed()) apply(directory => directory.entries)
    this.#names = this.#names.filter(change => !durable.includes(change))
  }

  /**
   * What a crash leaves, directories before what is in them. Of the call that was `onItsWay` only a
   * write matters: all else that has finished is no more durable than if it had not.
   */
  image(survival: Survival, random: Random, onItsWay: Call): ImageFile[] {
    if (onItsWay.kind !== 'write') return this.#image(survival, random)
    const { inode } = this.#at(onItsWay)
    inode.pending.push(onItsWay)
    const files = this.#image(survival, random)
    inode.pending.pop()
    return files
  }

  #image(survival: Survival, random: Random): ImageFile[] {
    // Journals keep the order of changes of names, so what survives of them is a beginning.
    const kept =
      survival === 'nothing'
        ? 0
        : survival === 'everything'
          ? this.#names.length
          : random.below(this.#names.length + 1)
    const changed = new Map<Inode, Map<string, Inode>>()
    for (const { touches, apply } of this.#names.slice(0, kept)) {
      for (const inode of touches) {
        if (!changed.has(inode)) changed.set(inode, new Map(inode.entries))
      }
      apply(directory => changed.get(directory)!)
    }
    const files: ImageFile[] = []
    const walk = (directory: Inode, path: string): void => {
      for (const [name, inode] of changed.get(directory) ?? directory.entries) {
        const at = join(path, name)
        if (inode.directory) {
          files.push({ path: at, bytes: undefined })
          walk(inode, at)
        } else files.push({ path: at, bytes: inode.image(survival, random) })
      }
    }
    walk(this.#root, '')
    return files
  }
}
