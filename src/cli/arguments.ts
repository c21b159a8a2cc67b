// Values from the command line, checked before anything is opened.
import { InvalidArgumentError } from 'commander'

/** A parser of integers in `min..max`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `in ${min}..${max}`
    throw new InvalidArgumentError(`Expected an integer ${range}.`)
  }
}

export const portNumber = integer(0, 65_535)

/** A text that says something. */
export function someText(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a text that is not empty.')
}

/** A positive number of seconds. */
export function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw new InvalidArgumentError('Expected a positive number of seconds.')
}
