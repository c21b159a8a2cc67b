// Opening a log that another process may be writing. LMDB, when it opens, reads the number of the
// last transaction and a moment later puts it down for all processes; a transaction that is committed
// in between is written over by the next one. So whoever opens says so in a folder beside the log,
// and the writer begins nothing meanwhile. See docs/decisions/0007-opening.md.
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureDirectory } from '../base/ensure-directory.ts'
import { entryFile } from '../base/entries.ts'
import { RollcastError } from '../base/errors.ts'
import { namesIn } from '../base/names-in.ts'
import { limits } from '../protocol/limits.ts'
import { newestTransaction } from './check-file.ts'
import { DATA_FILE, spaceIn } from './place.ts'

const FOLDER = 'opening'
/** In the folder while the writer waits: nobody else begins to open. */
const WRITER = 'writer'
/** How the name ends of one who has a process open once more. */
const MENDING = '.mending'
const LOOK_AGAIN_MILLIS = 1
/** For so long those who open wait for a writer, which may be gone and have left its mark. */
const WRITER_MILLIS_MAX = 1_000
/**
 * For so long who opens waits until the writer does, if it has committed within a second: then it is in
 * no transaction, and nothing has to be opened once more.
 */
const PAUSE_MILLIS_MAX = 20
const RECENT_MILLIS = 1_000
/** For so long the writer waits for one who opens. */
const OPENER_MILLIS_MAX = 3_000
/** A process takes seconds to start where much else does; what it mends is lost without it. */
const MEND_MILLIS_MAX = 20_000
const ATTEMPTS_MAX = 1_000

let count = 0

/** Opens by `open` what is in the log's `directory`, which no thread of this process has open. */
export function openBesideWriter<T extends { readonly lastTransaction: number }>(
  directory: string,
  open: () => T,
): T {
  const folder = join(directory, FOLDER)
  const name = join(folder, `${process.pid}.${count++}`)
  if (!announce(folder, name)) return open()
  try {
    const file = join(directory, DATA_FILE)
    if (Date.now() - statSync(file).mtimeMs < RECENT_MILLIS) {
      sleepUntil(PAUSE_MILLIS_MAX, () => existsSync(join(folder, WRITER)))
    }
    const before = newestTransaction(file)
    const opened = open()
    // One that had begun before we said so has ended meanwhile. No other begins now, so that who
    // opens once more puts down the right number.
    if (opened.lastTransaction !== before) mend(directory, name)
    return opened
  } finally {
    rmSync(name, { force: true })
    removeFolder(folder)
  }
}

const notAllowed: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS'])

/**
 * False where this process may not write, or on a disk so full that no writer commits: then nobody is
 * told. Throws UNAVAILABLE when it cannot for another reason: to open all the same could cost the
 * writer what it has acknowledged.
 */
function announce(folder: string, name: string): boolean {
  sleepUntil(WRITER_MILLIS_MAX, () => !existsSync(join(folder, WRITER)))
  for (let attempt = 1; ; attempt++) {
    try {
      ensureDirectory(folder)
      writeFileSync(name, '')
      return true
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException
      if (notAllowed.has(code) || (code === 'ENOSPC' && isFull(folder))) return false
      // Another who opened has just removed the folder: try again.
      if (code === 'ENOENT' && attempt < ATTEMPTS_MAX) continue
      const told = `${folder}: expected to say here that the log is opened, found ${message}`
      throw new RollcastError('UNAVAILABLE', told, { temporary: true, cause: error })
    }
  }
}

const isFull = (folder: string): boolean => spaceIn(dirname(folder)).freeBytes < limits.freeBytesMin

function sleepUntil(millisMax: number, isSo: () => boolean): void {
  const giveUpAt = performance.now() + millisMax
  const never = new Int32Array(new SharedArrayBuffer(4))
  while (!isSo() && performance.now() < giveUpAt) Atomics.wait(never, 0, 0, LOOK_AGAIN_MILLIS)
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody else opens, or has removed it.
  }
}

/** `name`, in the folder, is another one while it lasts: the writer waits for longer. */
function mend(directory: string, name: string): void {
  const mark = name + MENDING
  try {
    renameSync(name, mark)
  } catch {
    // The writer has waited for too long already, and goes on.
  }
  const mender = fileURLToPath(entryFile('store/opening-process'))
  const { status, stderr } = spawnSync(process.execPath, [mender, directory], {
    timeout: MEND_MILLIS_MAX,
    encoding: 'utf8',
  })
  rmSync(mark, { force: true })
  if (status === 0) return
  throw new RollcastError('UNAVAILABLE', `${directory}: opened at a bad moment: ${stderr.trim()}`, {
    temporary: true,
  })
}

/**
 * For the writer, before each transaction: resolves when nobody opens the log in `directory`. Those
 * who take longer than three seconds (they were stopped) are not waited for any more; those who have
 * a process open once more, for as long as that may take.
 */
export async function untilNobodyOpens(directory: string): Promise<void> {
  const folder = join(directory, FOLDER)
  if (!existsSync(folder)) return
  const mark = join(folder, WRITER)
  const since = performance.now()
  for (;;) {
    const names = namesIn(folder).filter(name => name !== WRITER)
    if (names.length === 0) break
    const waited = performance.now() - since
    const mends = names.some(name => name.endsWith(MENDING))
    const isLate = waited > OPENER_MILLIS_MAX + (mends ? MEND_MILLIS_MAX : 0)
    for (const name of names) {
      if (isLate || !isAlive(name)) rmSync(join(folder, name), { force: true })
    }
    putMark(mark)
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MILLIS))
  }
  rmSync(mark, { force: true })
  removeFolder(folder)
}

function putMark(mark: string): void {
  try {
    writeFileSync(mark, '')
  } catch {
    // The folder has just gone.
  }
}

function isAlive(name: string): boolean {
  try {
    process.kill(Number.parseInt(name, 10), 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
