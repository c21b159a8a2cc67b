// What `doctor` looks at: each check says whether it is well, and what it found.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { formatBytes } from '../base/bytes.ts'
import { describeError } from '../base/errors.ts'
import { loadMedia } from '../media/ffmpeg.ts'
import { giveUpRealTime } from '../media/ordinary-priority.ts'
import { limits } from '../protocol/limits.ts'
import { pageDirectory } from '../runtime/software.ts'
import { openLog } from '../store/open-log.ts'
import { unreadableLines } from './damage-text.ts'
import { examineApart } from './examine-apart.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** Whether something is wrong when it is not ok; else it is only good to know. */
  readonly required: boolean
  readonly detail: string
}

/** Everything that does not depend on a run. `dir` is where runs would be written. */
export async function checkEnvironment(dir: string): Promise<Check[]> {
  return [checkNode(), await checkLog(), checkSpace(dir), checkVideo(), checkPage(), checkBrowser()]
}

const nodeMin = [22, 18] as const

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])
  const detail = `${process.version}, expected ${nodeMin.join('.')} or newer`
  return { name: 'node', ok, required: true, detail }
}

/** Writes a log of its own, which needs everything that recording needs. */
async function checkLog(): Promise<Check> {
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-doctor-'))
  try {
    const { writer } = await openLog(dir)
    await writer.close()
    return { name: 'log', ok: true, required: true, detail: 'lmdb loads, a log can be written' }
  } catch (error) {
    return { name: 'log', ok: false, required: true, detail: describeError(error) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function checkSpace(dir: string): Check {
  const { bavail, bsize } = statfsSync(existsSync(dir) ? dir : '.')
  const free = bavail * bsize
  const detail = `${formatBytes(free)} free, ${formatBytes(limits.freeBytesMin)} are kept in reserve`
  return { name: 'space', ok: free > limits.freeBytesMin, required: true, detail }
}

function checkVideo(): Check {
  const check = { name: 'video', required: false }
  try {
    loadMedia()
  } catch (error) {
    return { ...check, ok: false, detail: describeError(error) }
  }
  const ok = giveUpRealTime()
  const detail = ok
    ? 'FFmpeg loads'
    : 'FFmpeg loads, but AV1 would have real-time priority here and stop the trainer: `npm install koffi` prevents it'
  return { ...check, ok, detail }
}

function checkPage(): Check {
  const page = join(pageDirectory(), 'index.html')
  const ok = existsSync(page)
  const detail = ok ? page : `not built: "npm run build:page" makes ${page}`
  return { name: 'page', ok, required: false, detail }
}

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function checkBrowser(): Check {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = browsers.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync)
  const version = found && spawnSync(found, ['--version'], { encoding: 'utf8', timeout: 5_000 })
  const detail = version ? `${version.stdout.trim()} (${found})` : 'none; the page tests need it'
  return { name: 'chromium', ok: found !== undefined, required: false, detail }
}

/** Whether the log of a run is whole; a log that cannot be read at all is not. */
export async function checkRun(dir: string, signal: AbortSignal): Promise<RunCheck> {
  const check = { name: 'run', required: true }
  try {
    const examination = await examineApart(dir, signal)
    if ('unreadable' in examination) {
      const { unreadable } = examination
      const detail = unreadableLines(dir, unreadable).slice(0, 2).join(';')
      const { lastGoodSeq } = unreadable
      return { ...check, ok: false, detail, lastGoodSeq, readable: false }
    }
    const { ok, lastGoodSeq, lastSeq, problems } = examination.report
    const [first] = problems
    const detail = ok
      ? `${dir}: whole up to event ${lastSeq}`
      : `${dir}: whole up to event ${lastGoodSeq} of ${lastSeq}; ${first?.message ?? ''}`
    return { ...check, ok, detail, lastGoodSeq, readable: true }
  } catch (error) {
    const detail = describeError(error)
    return { ...check, ok: false, detail, lastGoodSeq: null, readable: true }
  }
}

export interface RunCheck extends Check {
  /** Everything up to this event is whole; null when that cannot be known. */
  readonly lastGoodSeq: number | null
  /** False for a log that is too damaged to be opened. */
  readonly readable: boolean
}
