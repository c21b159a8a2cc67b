// Places where a run cannot be recorded, or not be read, or neither: how each is made, and what is
// to be said there. Needs root, to mount and to make what others may not touch.
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { MIB } from '../../../src/base/bytes.ts'
import type { ErrorCode } from '../../../src/base/errors.ts'
import { LmdbStorage } from '../../../src/store/lmdb-storage.ts'
import { metaWrite } from '../../../src/store/meta.ts'
import { logDirectory } from '../../../src/store/open-log.ts'

/** An account without any rights: nobody. */
export const NOBODY = 65_534

export interface Case {
  readonly name: string
  /** Who comes: root, whom only the disk can refuse, or nobody. */
  readonly as: 'root' | 'nobody'
  /** What recording there is refused with; null: it is not. */
  readonly record: ErrorCode | null
  /** What reading there is refused with. */
  readonly read: ErrorCode | null
  /** Words of the finding. */
  readonly found: RegExp
  /** Makes the place under `root`, with copies of the sound run; returns the run directory. */
  readonly make: (root: string, sound: string) => string | Promise<string>
  /** What must be undone before the files can be removed. */
  readonly undo?: (root: string) => void
}

const nobodys = (path: string): void => chownSync(path, NOBODY, NOBODY)

/** A copy of the sound run that belongs to nobody. */
function copyOf(sound: string, dir: string): string {
  cpSync(sound, dir, { recursive: true })
  for (const path of [dir, logDirectory(dir)]) nobodys(path)
  for (const file of ['data.mdb', 'lock.mdb']) nobodys(join(logDirectory(dir), file))
  return dir
}

const mount = (...args: string[]): void => void execFileSync('mount', args)
const unmount = (path: string): void => void execFileSync('umount', ['--lazy', path])

export const cases: readonly Case[] = [
  {
    name: 'a directory that is not there, in one that is read-only',
    ...{ as: 'nobody', record: 'CANNOT_CREATE', read: 'NOT_FOUND', found: /EACCES|ENOENT/ },
    make(root) {
      chmodSync(root, 0o555)
      return join(root, 'run')
    },
    undo: root => chmodSync(root, 0o755),
  },
  {
    name: 'a directory without any permission',
    ...{ as: 'nobody', record: 'CANNOT_CREATE', read: 'UNAVAILABLE', found: /no permission/ },
    make(root, sound) {
      const dir = copyOf(sound, join(root, 'run'))
      chownSync(dir, 0, 0)
      chmodSync(dir, 0o700)
      return dir
    },
  },
  {
    name: 'a file system that is mounted read-only',
    ...{ as: 'root', record: 'CANNOT_CREATE', read: 'UNAVAILABLE', found: /read-only file system/ },
    make(root, sound) {
      copyOf(sound, join(root, 'real'))
      const view = join(root, 'run')
      mkdirSync(view)
      mount('--bind', join(root, 'real'), view)
      mount('-o', 'remount,bind,ro', view)
      return view
    },
    undo: root => unmount(join(root, 'run')),
  },
  {
    name: 'a new directory on a file system that is mounted read-only',
    ...{ as: 'root', record: 'CANNOT_CREATE', read: 'NOT_FOUND', found: /EROFS|ENOENT/ },
    make(root) {
      const view = join(root, 'view')
      mkdirSync(view)
      mount('-t', 'tmpfs', '-o', 'ro', 'tmpfs', view)
      return join(view, 'run')
    },
    undo: root => unmount(join(root, 'view')),
  },
  {
    name: 'a file in place of the run directory',
    ...{
      as: 'root',
      record: 'CANNOT_CREATE',
      read: 'NOT_FOUND',
      found: /a file in place of a dir/,
    },
    make(root) {
      writeFileSync(join(root, 'run'), 'a file')
      return join(root, 'run')
    },
  },
  {
    name: 'a file in place of the log directory',
    ...{ as: 'root', record: 'CANNOT_CREATE', read: 'NOT_FOUND', found: /ENOTDIR|EEXIST/ },
    make(root) {
      mkdirSync(join(root, 'run'))
      writeFileSync(logDirectory(join(root, 'run')), 'a file')
      return join(root, 'run')
    },
  },
  {
    name: 'a directory in place of the data file',
    ...{ as: 'root', record: 'LOG_FOREIGN', read: 'LOG_FOREIGN', found: /expected a file/ },
    make(root) {
      mkdirSync(join(logDirectory(join(root, 'run')), 'data.mdb'), { recursive: true })
      return join(root, 'run')
    },
  },
  {
    name: 'a pipe in place of the data file',
    ...{ as: 'root', record: 'LOG_FOREIGN', read: 'LOG_FOREIGN', found: /expected a file/ },
    make(root) {
      const dir = join(root, 'run')
      mkdirSync(logDirectory(dir), { recursive: true })
      execFileSync('mkfifo', [join(logDirectory(dir), 'data.mdb')])
      return dir
    },
  },
  {
    name: 'a data file of another program',
    ...{
      as: 'root',
      record: 'LOG_FOREIGN',
      read: 'LOG_FOREIGN',
      found: /expected an LMDB database/,
    },
    make(root) {
      const dir = join(root, 'run')
      mkdirSync(logDirectory(dir), { recursive: true })
      writeFileSync(join(logDirectory(dir), 'data.mdb'), 'SQLite format 3\0'.repeat(1_000))
      return dir
    },
  },
  {
    name: 'a log of a newer format',
    ...{ as: 'root', record: 'LOG_VERSION', read: 'LOG_VERSION', found: /format 9, .* up to 1/ },
    async make(root, sound) {
      const dir = copyOf(sound, join(root, 'run'))
      const storage = new LmdbStorage(logDirectory(dir))
      const format = metaWrite('format', { magic: 'rollcast-log', version: 9 })
      await storage.commit(storage.epoch(), [format])
      await storage.close()
      return dir
    },
  },
  {
    name: 'the log of another owner',
    ...{ as: 'nobody', record: 'CANNOT_CREATE', read: 'UNAVAILABLE', found: /no permission/ },
    make(root, sound) {
      const dir = copyOf(sound, join(root, 'run'))
      for (const file of ['', 'data.mdb', 'lock.mdb'])
        chownSync(join(logDirectory(dir), file), 0, 0)
      return dir
    },
  },
  {
    name: 'a data file that may not be written to',
    ...{ as: 'nobody', record: 'CANNOT_CREATE', read: null, found: /data\.mdb.* no permission/ },
    make(root, sound) {
      const dir = copyOf(sound, join(root, 'run'))
      chmodSync(join(logDirectory(dir), 'data.mdb'), 0o444)
      return dir
    },
  },
  {
    name: 'a lock file that may not be written to',
    ...{ as: 'nobody', record: 'CANNOT_CREATE', read: 'UNAVAILABLE', found: /lock\.mdb.* no perm/ },
    make(root, sound) {
      const dir = copyOf(sound, join(root, 'run'))
      chmodSync(join(logDirectory(dir), 'lock.mdb'), 0o444)
      return dir
    },
  },
  {
    name: 'a path that is too long',
    ...{ as: 'root', record: 'CANNOT_CREATE', read: 'NOT_FOUND', found: /a name that is too long/ },
    make: root => join(root, 'deep', 'r'.repeat(300)),
  },
  {
    name: 'a loop of symbolic links',
    ...{
      as: 'root',
      record: 'CANNOT_CREATE',
      read: 'NOT_FOUND',
      found: /a loop of symbolic links/,
    },
    make(root) {
      symlinkSync(join(root, 'there'), join(root, 'here'))
      symlinkSync(join(root, 'here'), join(root, 'there'))
      return join(root, 'here')
    },
  },
  {
    name: 'a link to nothing',
    ...{ as: 'root', record: 'CANNOT_CREATE', read: 'NOT_FOUND', found: /EEXIST|ENOENT/ },
    make(root) {
      symlinkSync(join(root, 'nothing', 'at', 'all'), join(root, 'run'))
      return join(root, 'run')
    },
  },
  {
    name: 'a new run on a full disk',
    ...{ as: 'root', record: 'DISK_FULL', read: 'NOT_FOUND', found: /reserve|full disk|ENOENT/ },
    make(root) {
      fullDisk(root)
      return join(root, 'disk', 'run')
    },
    undo: root => unmount(join(root, 'disk')),
  },
  {
    name: 'an old run on a full disk',
    ...{ as: 'root', record: 'DISK_FULL', read: null, found: /in reserve/ },
    make(root, sound) {
      fullDisk(root, disk => void copyOf(sound, join(disk, 'run')))
      return join(root, 'disk', 'run')
    },
    undo: root => unmount(join(root, 'disk')),
  },
]

/** The control: everything is as it should be. */
export const soundPlace: Case = {
  name: 'a sound run',
  ...{ as: 'nobody', record: null, read: null, found: /^/ },
  make: (root, sound) => copyOf(sound, join(root, 'run')),
}

function fullDisk(root: string, before = (_disk: string): void => {}): void {
  const disk = join(root, 'disk')
  mkdirSync(disk)
  mount('-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk)
  before(disk)
  try {
    appendFileSync(join(disk, 'others'), new Uint8Array(4 * MIB))
  } catch {
    // As it was meant: appendFile takes what there is.
  }
}
