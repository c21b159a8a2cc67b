// What can be asked for by HTTP: a table of paths, each with the verb that its caller has to be
// allowed. Whatever is not in it is a file of the page, or is not found.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeMachine } from '../machines/describe-machine.ts'
import { isRunning } from '../machines/state-name.ts'
import type { MachineDescription } from '../protocol/machine-description.ts'
import { isAllowed, type Verb } from '../protocol/rights.ts'
import { type Caller, type Door, isRefusal } from './access/door.ts'
import { foreignness, type OwnHosts } from './access/same-origin.ts'
import { VIEWER_PATH } from './handshake.ts'
import { refuse, securityHeaders, sendJson, sendText } from './http.ts'
import type { Hub } from './hub.ts'
import type { Metrics } from './metrics.ts'
import { findPageFile, sendPageFile } from './page.ts'
import { SESSION_PATH, sendSession, signIn } from './session.ts'

export interface Site {
  readonly hub: Hub
  readonly door: Door
  readonly hosts: OwnHosts
  readonly pageDirectory: string
  /** Its library takes a moment, which only those who ask for it have to give. */
  readonly openMetrics: () => Promise<Metrics>
}

interface Question {
  readonly site: Site
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Route {
  readonly verb: Verb
  /** Beside GET and HEAD. */
  readonly post?: (question: Question) => void
  readonly get: (question: Question) => void | Promise<void>
}

export const routes: Readonly<Record<string, Route>> = {
  '/healthz': { verb: 'readHealth', get: sendHealth },
  '/readyz': { verb: 'readState', get: sendReadiness },
  '/metrics': { verb: 'readState', get: sendMetrics },
  '/api/system': { verb: 'readState', get: sendSystem },
  '/api/machines': { verb: 'readState', get: sendMachines },
  [SESSION_PATH]: {
    verb: 'signIn',
    get: ({ site: { door }, caller, response }) => sendSession(door, caller, response),
    post: ({ site: { door }, caller, request, response }) =>
      signIn(door, caller, request, response),
  },
}

const pageFile: Route = { verb: 'loadPage', get: sendFile }

/** Answers any request there is. */
export async function answer(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  const { door, hosts } = site
  const route = routeOf(request.url ?? '/')
  const caller = foreignness(request, hosts) ?? door.identify(request)
  const refusal = isRefusal(caller) ? caller : door.refusalOf(caller, route.verb)
  if (isRefusal(caller) || refusal !== null) return refuse(door, response, refusal!)
  const question = { site, caller, request, response }
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return route.get(question)
  if (method === 'POST' && route.post) return route.post(question)
  const allowed = route.post ? 'GET, HEAD, POST' : 'GET, HEAD'
  response.setHeader('allow', allowed)
  sendText(response, 405, `expected ${allowed}`)
}

function routeOf(url: string): Route {
  const path = url.split('?', 1)[0]!
  return Object.hasOwn(routes, path) ? routes[path]! : pageFile
}

function sendHealth({ site: { hub }, caller, response }: Question): void {
  const healthy = hub.system?.healthy ?? true
  // A problem may name files.
  const problem = isAllowed(caller, 'readState') ? { problem: hub.system?.problem ?? null } : {}
  sendJson(response, healthy ? 200 : 503, { healthy, ...problem })
}

function sendReadiness({ site: { hub }, response }: Question): void {
  const waiting = hub.system?.actors.filter(({ state }) => !isRunning(state)) ?? []
  const ready = hub.system !== null && waiting.length === 0
  const names = waiting.map(({ name }) => name)
  sendJson(response, ready ? 200 : 503, { ready, waiting: names })
}

async function sendMetrics({ site, response }: Question): Promise<void> {
  const metrics = await site.openMetrics()
  const text = await metrics.text()
  response.setHeader('content-type', metrics.contentType)
  response.setHeader('cache-control', 'no-store')
  response.end(text)
}

function sendSystem({ site: { hub }, response }: Question): void {
  const unknown = { problem: 'nothing is known yet; ask again in a second' }
  sendJson(response, hub.system === null ? 503 : 200, hub.system ?? unknown)
}

async function sendMachines({ response }: Question): Promise<void> {
  sendJson(response, 200, await describeMachines())
}

/** Every lifecycle, for pages that draw where an actor stands; loaded when one asks. */
async function describeMachines(): Promise<readonly MachineDescription[]> {
  const { machines } = await import('../machines/registry.ts')
  return Object.values(machines).map(machine => describeMachine(machine))
}

async function sendFile({ site, caller, request, response }: Question): Promise<void> {
  const { url = '/', method } = request
  const { pageDirectory } = site
  const found = await findPageFile(pageDirectory, url)
  if (found !== undefined) return sendPageFile(response, found, method === 'HEAD')
  if (url.split('?', 1)[0] !== '/') return sendText(response, 404, 'not found')
  const where = isAllowed(caller, 'readState') ? `: there is no index.html in ${pageDirectory}` : ''
  const how = 'In a checkout, "npm run build:page" makes it.'
  const rest = `Everything else works: viewers connect at ${VIEWER_PATH}.`
  sendText(response, 503, `The viewer page has not been built${where}.\n${how} ${rest}`)
}
