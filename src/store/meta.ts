// The `meta` table: named values, each sealed, of which some names share a prefix.
import { packValue, unpackValue } from '../protocol/codec.ts'
import { nameKey, readNameKey } from './keys.ts'
import { seal, unseal } from './sealed-value.ts'
import type { LogStorage, Write } from './storage.ts'

const NAMES_MAX = 100_000

export function metaWrite(name: string, value: unknown): Write {
  const key = nameKey(name)
  return { table: 'meta', key, value: seal(key, packValue(value)) }
}

export function readMeta(storage: LogStorage, name: string): unknown {
  const key = nameKey(name)
  const value = storage.get('meta', key)
  return value === undefined ? undefined : unpackValue(unseal(key, value, `meta ${name}`))
}

/** All names that begin with `prefix`, in order. */
export function namesUnder(storage: LogStorage, prefix: string): string[] {
  const names: string[] = []
  const keys = storage.keys('meta', { start: nameKey(prefix), limit: NAMES_MAX })
  for (const key of keys) {
    const name = readNameKey(key)
    if (!name.startsWith(prefix)) break
    names.push(name)
  }
  return names
}
