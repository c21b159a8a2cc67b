// What a JSON file of a dataset must hold, said alike for all of them.
import { describeError, RollcastError } from '../../base/errors.ts'

/** The object that is the text of the file at `path`, in the dataset. BAD_INPUT for any other text. */
export function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    throw badMeta(path, 'text', 'JSON', describeError(error))
  }
  throw badMeta(path, 'text', 'an object', text.slice(0, 40))
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const badMeta = (
  path: string,
  what: string,
  expected: unknown,
  found: unknown,
): RollcastError =>
  new RollcastError('BAD_INPUT', `${path}, ${what}: expected ${expected}, found ${found}`)
