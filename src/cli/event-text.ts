// An event as a line: of JSON for programs, of words for people.
import type { Envelope } from '../protocol/events.ts'
import { jsonText, snakeCase } from './json-text.ts'
import { brief } from './wording.ts'

/** Of a long list, so many members are shown to people. */
const MEMBERS_SHOWN = 8
const TEXT_SHOWN = 60

/** `{"seq":..,"epoch":..,"time":..,"type":..,...}`; `time` is Unix milliseconds. */
export function eventJson({ seq, epoch, time, event }: Envelope): string {
  return jsonText({ seq, epoch, time, type: event.type, ...snakeCase(event) })
}

/** `   12  02:28:34.123  step_taken  agent=env-0 episode=3 ...`, times in UTC. */
export function eventLine({ seq, time, event }: Envelope): string {
  const { type, ...fields } = event
  const clock = Number.isFinite(time) ? new Date(time).toISOString().slice(11, 23) : '-'
  const words = Object.entries(snakeCase(fields)).map(([name, value]) => `${name}=${shown(value)}`)
  return `${String(seq).padStart(8)}  ${clock}  ${type.padEnd(16)}  ${words.join(' ')}`.trimEnd()
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(brief(value))
  if (typeof value === 'string') return /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value)
  if (Array.isArray(value)) return `[${members(value.map(shown))}]`
  if (value instanceof Uint8Array) return `<${value.byteLength} B>`
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    return `{${members(Object.entries(value).map(([name, held]) => `${name}:${shown(held)}`))}}`
  }
  const text = jsonText(value) ?? 'undefined'
  return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}...` : text
}

function members(texts: readonly string[]): string {
  const left = texts.length - MEMBERS_SHOWN
  return texts.slice(0, MEMBERS_SHOWN).join(',') + (left > 0 ? `,...${left} more` : '')
}
