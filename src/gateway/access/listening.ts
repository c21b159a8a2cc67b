// Where a gateway may listen, and when tokens would be worth nothing: each unsafe combination is a
// line of a table, and any of them refuses the start.
import { isIP, isIPv4 } from 'node:net'
import { RollcastError } from '../../base/errors.ts'
import { isLoopback } from './address.ts'
import { accessDirectory, accessDirectoryProblem, runDirectoryProblem } from './place.ts'

export interface Listening {
  readonly host: string
  /** Whether a token is asked for. */
  readonly token: boolean
  /** Null where there is no run yet. */
  readonly runDir: string | null
}

/** Says what is wrong, or gives null. */
type Rule = (listening: Listening) => string | null

const unsafe: readonly Rule[] = [
  ({ host }) =>
    isIP(host) === 0
      ? `expected host 127.0.0.1, ::1 or another IP address, found ${host}: what a name means can change`
      : null,
  ({ host }) =>
    /^::ffff:/i.test(host)
      ? `expected an IPv4 address in its own form, found ${host}: one address, one spelling`
      : null,
  ({ host }) =>
    host.includes('%')
      ? `expected an address without a zone, found ${host}: no browser can name it in Host`
      : null,
  ({ host }) =>
    isGroup(host) ? `expected the address of one machine, found ${host}: that is a group` : null,
  ({ host, token }) =>
    !isLoopback(host) && !token
      ? `expected a token (--token, live.token) with host ${host}: without one only this machine may reach the page`
      : null,
  ({ token, runDir }) =>
    token && runDir === null
      ? 'expected a run when a token is asked for: tokens are kept in its directory'
      : null,
  ({ token, runDir }) => (token && runDir !== null ? runDirectoryProblem(runDir) : null),
  ({ token, runDir }) =>
    token && runDir !== null ? accessDirectoryProblem(accessDirectory(runDir)) : null,
]

/** Throws USAGE for a combination that would let in who should stay out. */
export function checkListening(listening: Listening): void {
  for (const rule of unsafe) {
    const problem = rule(listening)
    if (problem !== null) throw new RollcastError('USAGE', problem)
  }
}

/** Multicast and broadcast. */
const isGroup = (host: string): boolean =>
  isIPv4(host) ? Number(host.split('.', 1)[0]) >= 224 : /^ff/i.test(host)
