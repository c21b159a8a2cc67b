// Several files change together or not at all. New files are made in a directory aside; a list of
// what goes where, put in place by one rename, is the moment from which the change counts. Then the
// files are moved, in the order in which they were staged. Whoever opens the dataset after a crash
// finishes a change that counts and clears away one that does not.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { ensureDirectory } from '../../base/ensure-directory.ts'
import { RollcastError } from '../../base/errors.ts'
import { makeDirectorySynced, syncPathAside } from '../../base/sync-path.ts'
import type { VideoTool } from './video.ts'

/** Our own files, beside the dataset's. */
export const OWN_DIRECTORY = '.rollcast'

const ASIDE = `${OWN_DIRECTORY}/aside`
const LIST = `${OWN_DIRECTORY}/commit.json`

/**
 * Called before every step that changes the disk, with its name. Tests make it throw, which leaves
 * everything as a crash at this point would.
 */
export type BeforeStep = (step: string) => void

/** Where a change is made, and with what. */
export interface Workshop {
  readonly root: string
  readonly commit: Commit
  readonly tool: VideoTool | undefined
}

interface Change {
  /** In the order in which they take effect. `null`: a file that goes away. */
  readonly files: readonly { readonly path: string; readonly staged: string | null }[]
}

/** One change of the dataset in `root`. Not to be used after `commit`, or after an error. */
export class Commit {
  readonly #root: string
  readonly #beforeStep: BeforeStep
  readonly #files: { path: string; staged: string | null }[] = []
  /** Changed where they are; on the disk before the change counts. */
  readonly #changed: string[] = []
  /** Large files on their way to the disk, while others are made. */
  readonly #flushing: Promise<void>[] = []
  #made = 0

  constructor(root: string, beforeStep: BeforeStep) {
    this.#root = root
    this.#beforeStep = beforeStep
    rmSync(join(root, ASIDE), { recursive: true, force: true })
    ensureDirectory(join(root, ASIDE))
  }

  /** Where to make the file that will stand at `path`, relative to the root. */
  stage(path: string): string {
    // The end of the name tells makers of videos what to make.
    const staged = `${ASIDE}/${this.#made++}${extname(path)}`
    this.#beforeStep(`make ${path}`)
    this.#files.push({ path, staged })
    return join(this.#root, staged)
  }

  /** The file that was staged at `staged` is whole: it begins to be flushed. */
  made(staged: string): void {
    const flushing = syncPathAside(staged)
    // Whoever commits is told.
    flushing.catch(() => {})
    this.#flushing.push(flushing)
  }

  /** Forgets the file that was staged for `path`. */
  unstage(path: string): void {
    const at = this.#files.findIndex(file => file.path === path)
    const [file] = at < 0 ? [] : this.#files.splice(at, 1)
    if (file?.staged) rmSync(join(this.#root, file.staged), { force: true })
  }

  /** The file at `path` goes away. */
  remove(path: string): void {
    this.#files.push({ path, staged: null })
  }

  /** The file at `path` was changed in its place, in a way that means nothing without this change. */
  changed(path: string): void {
    this.#changed.push(path)
  }

  /** Leaves everything as it was. */
  discard(): void {
    rmSync(join(this.#root, ASIDE), { recursive: true, force: true })
  }

  /** Makes the change durable. Once that resolves, and after a crash from the middle on, it counts. */
  async commit(): Promise<void> {
    const staged = this.#files.flatMap(file => file.staged ?? [])
    const change: Change = { files: this.#files }
    const list = join(this.#root, LIST)
    this.#beforeStep('write the list')
    writeFileSync(`${list}.new`, JSON.stringify(change))
    this.#beforeStep('flush what is new')
    const fresh = [...staged, ...this.#changed, ASIDE].map(path => join(this.#root, path))
    await Promise.all(this.#flushing)
    await flush(...fresh, `${list}.new`)
    this.#beforeStep('put the list in place')
    renameSync(`${list}.new`, list)
    await flush(dirname(list))
    await finishChange(this.#root, change, this.#beforeStep)
  }
}

/** Finishes the change that a crash interrupted, or clears it away if it does not count yet. */
export async function recoverCommit(root: string, beforeStep: BeforeStep): Promise<void> {
  const change = readChange(root)
  if (change) await finishChange(root, change, beforeStep)
  rmSync(join(root, `${LIST}.new`), { force: true })
  rmSync(join(root, ASIDE), { recursive: true, force: true })
}

/** Whether a change counts that is not finished. */
export const isInterrupted = (root: string): boolean => existsSync(join(root, LIST))

function readChange(root: string): Change | undefined {
  const list = join(root, LIST)
  if (!existsSync(list)) return undefined
  try {
    return JSON.parse(readFileSync(list, 'utf8')) as Change
  } catch (cause) {
    throw new RollcastError('BAD_INPUT', `${list}: expected a list of files, as JSON`, { cause })
  }
}

/** Every step may have been done before. */
async function finishChange(root: string, change: Change, beforeStep: BeforeStep): Promise<void> {
  const directories = new Set<string>()
  for (const { path, staged } of change.files) {
    const place = join(root, path)
    beforeStep(`${staged === null ? 'remove' : 'move'} ${path}`)
    if (staged === null) rmSync(place, { force: true })
    else if (existsSync(join(root, staged))) {
      makeDirectory(root, dirname(path), directories)
      renameSync(join(root, staged), place)
    }
    if (existsSync(dirname(place))) directories.add(dirname(place))
  }
  await flush(...directories)
  beforeStep('remove the list')
  rmSync(join(root, LIST), { force: true })
  await flush(join(root, OWN_DIRECTORY))
  rmSync(join(root, ASIDE), { recursive: true, force: true })
}

/**
 * Makes a directory below `root`, and notes all whose names must be flushed: by one that is there
 * already its maker may have died. A file is moved only into one that will be there after a power cut.
 */
function makeDirectory(root: string, path: string, directories: Set<string>): void {
  makeDirectorySynced(join(root, path))
  for (let at = path; at !== '.'; at = dirname(at)) directories.add(join(root, dirname(at)))
}

/**
 * Makes the bytes of files, and the names in directories, survive power loss. All are flushed at
 * once: a file system takes them together, in little more time than one of them.
 */
async function flush(...paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map(syncPathAside))
}
