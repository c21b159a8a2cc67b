// Who may talk to the gateway at all. A page of another site cannot: a browser tells the truth
// about Origin, and a name that was re-pointed at this machine (DNS rebinding) shows in Host. Both
// are compared as they are, letter by letter; there is nothing to parse and so nothing to fool.
import type { IncomingMessage } from 'node:http'

/** The values of Host that this machine's own browser sends for a server on `port`. */
export function loopbackHosts(port: number): ReadonlySet<string> {
  return new Set(['127.0.0.1', 'localhost', '[::1]'].map(name => `${name}:${port}`))
}

export interface Refusal {
  readonly status: 400 | 403
  readonly reason: string
}

/**
 * Why the request is refused, or null. For every method and for upgrades alike. A request without
 * Origin is not from another site's page; any Origin must be the gateway's own.
 */
export function refusalOf(request: IncomingMessage, hosts: ReadonlySet<string>): Refusal | null {
  if (!request.url?.startsWith('/')) return { status: 400, reason: 'expected a path' }
  const host = headerValues(request, 'host')
  if (host.length !== 1) return { status: 400, reason: `expected one Host, found ${host.length}` }
  if (!hosts.has(host[0]!)) return { status: 403, reason: 'Host is not this server' }
  const origins = headerValues(request, 'origin')
  const foreign = origins.some(origin => ![...hosts].some(name => origin === `http://${name}`))
  if (foreign || origins.length > 1) return { status: 403, reason: 'Origin is not this server' }
  return null
}

/** Every occurrence; Node's own `headers` hides all but the first Host. */
function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name)
}
