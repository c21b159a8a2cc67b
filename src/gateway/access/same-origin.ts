// Whose page may ask at all. A page of another site may not: a browser tells the truth about
// Origin, and a name that was re-pointed at this machine (DNS rebinding) shows in Host. Both are
// compared as they are, letter by letter; there is nothing to parse and so nothing to fool.
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { isLoopback } from './address.ts'

export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 429 | 503
  readonly reason: string
}

const HTTP_PORT = 80

/** Under which values of Host a server is reached that is bound to `address` and `port`. */
export class OwnHosts {
  readonly #port: number
  readonly #names: readonly string[]
  readonly #isPublic: boolean

  constructor(address: string, port: number) {
    this.#port = port
    this.#isPublic = !isLoopback(address)
    const others = this.#isPublic ? [hostname().toLowerCase()] : [bracketed(address)]
    this.#names = ['127.0.0.1', 'localhost', '[::1]', ...others]
  }

  /** For a request; of the other addresses of this machine the one that it came to counts. */
  of({ socket }: IncomingMessage): ReadonlySet<string> {
    const { localAddress } = socket
    const came = this.#isPublic && localAddress ? [bracketed(localAddress)] : []
    const names = [...this.#names, ...came]
    const hosts = names.map(name => `${name}:${this.#port}`)
    // Browsers leave out the port that goes without saying.
    return new Set(this.#port === HTTP_PORT ? [...hosts, ...names] : hosts)
  }
}

/** An address as it stands in an URL. */
export function bracketed(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return plain.includes(':') ? `[${plain}]` : plain
}

/**
 * Why the request is refused, or null. For every method and for upgrades alike. A request without
 * Origin is not from another site's page; any Origin must be the gateway's own.
 */
export function foreignness(request: IncomingMessage, own: OwnHosts): Refusal | null {
  if (!request.url?.startsWith('/')) return { status: 400, reason: 'expected a path' }
  const hosts = own.of(request)
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
