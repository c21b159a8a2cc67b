// The files of the viewer page. A path is refused by its spelling first, and by where the file
// really is second, so that neither `..` nor a link leads out of the directory.
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

const PATH_LENGTH_MAX = 512
/** Addresses of overlays; which one, the page reads from its address. */
const OVERLAY = /^\/overlay\/[a-z]{1,32}$/
/** What Vite puts into a name whose content never changes. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/

/** The path that a request means, or null when it is not one that a page of ours asks for. */
function plainPath(target: string): string | null {
  const raw = target.split('?', 1)[0]!
  if (raw.length > PATH_LENGTH_MAX) return null
  let path: string
  try {
    path = decodeURIComponent(raw)
  } catch {
    return null
  }
  if (OVERLAY.test(path)) return '/overlay.html'
  if (!/^[/\w.-]+$/.test(path)) return null
  // No `..`, no hidden file, no empty name.
  if (
    path
      .split('/')
      .slice(1, -1)
      .some(name => name === '' || name.startsWith('.'))
  )
    return null
  const last = path.slice(path.lastIndexOf('/') + 1)
  if (last.startsWith('.')) return null
  return last === '' ? `${path}index.html` : path
}

interface PageFile {
  readonly file: string
  readonly bytes: number
  readonly type: string
  readonly immutable: boolean
}

/** The file under `directory` that a request's target names; undefined when there is none. */
export async function findPageFile(
  directory: string,
  target: string,
): Promise<PageFile | undefined> {
  const path = plainPath(target)
  const type = path === null ? undefined : types[extname(path)]
  if (path === null || type === undefined) return undefined
  try {
    const root = await realpath(directory)
    const file = await realpath(join(root, path))
    if (!file.startsWith(root + sep)) return undefined
    const found = await stat(file)
    if (!found.isFile()) return undefined
    return { file, bytes: found.size, type, immutable: HASHED.test(path) }
  } catch {
    return undefined
  }
}

/** Sends the file, or only its headers for HEAD. */
export async function sendPageFile(
  response: ServerResponse,
  { file, bytes, type, immutable }: PageFile,
  headOnly: boolean,
): Promise<void> {
  response.writeHead(200, {
    'content-type': type,
    'content-length': bytes,
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
  if (headOnly || bytes === 0) {
    response.end()
    return
  }
  // A file that shrinks meanwhile, or a reader that goes, ends this response and nothing else.
  await pipeline(createReadStream(file, { end: bytes - 1 }), response).catch(() => {
    response.destroy()
  })
}
