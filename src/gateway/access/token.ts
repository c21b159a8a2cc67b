// A token: a public id, by which it is found and revoked, and a secret of 256 bits, of which only
// the SHA-256 is kept. A secret without structure needs no salt and no slow hash: there is nothing
// to guess but all of it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const ID_BYTES = 6
const SECRET_BYTES = 32
const TOKEN = /^([0-9a-f]{12})\.([\w-]{43})$/
const ID = /^[0-9a-f]{12}$/

export interface Token {
  readonly id: string
  readonly secret: string
}

export function makeToken(): Token {
  // People type it, and a command line takes what begins with a dash for an option.
  const id = randomBytes(ID_BYTES).toString('hex')
  return { id, secret: randomBytes(SECRET_BYTES).toString('base64url') }
}

/** Letters that a header, a cookie and a fragment take as they are. */
export const formatToken = ({ id, secret }: Token): string => `${id}.${secret}`

/** Undefined for what is no token by its form. */
export function parseToken(text: string): Token | undefined {
  const match = TOKEN.exec(text)
  return match ? { id: match[1]!, secret: match[2]! } : undefined
}

export const isTokenId = (text: string): boolean => ID.test(text)

export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

/** Takes as long for a wrong secret as for a right one. */
export function isSecretOf(hash: string, secret: string): boolean {
  const expected = Buffer.from(hash, 'base64url')
  const found = createHash('sha256').update(secret).digest()
  return expected.length === found.length && timingSafeEqual(expected, found)
}
