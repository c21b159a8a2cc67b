// What this software calls itself, and where its page is.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { packageFolder } from '../base/entries.ts'

/** `rollcast 0.1.0`. */
export function softwareName(): string {
  const file = fileURLToPath(new URL('package.json', packageFolder))
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '{}'
  const { name = 'rollcast', version = 'unknown' } = JSON.parse(text) as Record<string, string>
  return `${name} ${version}`
}

/** The folder of the built page. */
export const pageDirectory = (): string => fileURLToPath(new URL('dist/page', packageFolder))
