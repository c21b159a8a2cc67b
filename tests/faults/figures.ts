// What a campaign measured: printed, and kept in .tmp/figures for docs/guarantees.md
// (`node docs/generate.ts --figures` takes over those of the slow tier).
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { tier } from './tier.ts'

export type FigureValues = Readonly<Record<string, number | string>>

const folder = fileURLToPath(new URL(`../../.tmp/figures/${tier}/`, import.meta.url))

/** Prints and keeps the figures of campaign `id`, such as `D1.group`. The last call counts. */
export function figure(id: string, values: FigureValues): void {
  const words = Object.entries(values).map(([name, value]) => `${name} ${value}`)
  process.stderr.write(`${id} (${tier}): ${words.join(', ')}\n`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}${id}.json`, `${JSON.stringify(values)}\n`)
}
