// What a front answers itself: the list of runs, the page's files, sign-in, and where `/` leads. What
// is of a run goes to the run's gateway, below `/run/NAME/` or, for the newest, from the root.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeError, RollcastError } from '../../base/errors.ts'
import { isAllowed, type Verb } from '../../protocol/rights.ts'
import {
  RUNS_API_PATH,
  RUNS_PAGE,
  RUNS_PAGE_MAX,
  RUNS_PATH,
  runPath,
  splitRunPath,
} from '../../protocol/run-list.ts'
import { type Caller, isRefusal } from '../access/door.ts'
import { foreignness, type OwnHosts } from '../access/same-origin.ts'
import { refuse, securityHeaders, sendJson, sendText } from '../http.ts'
import { findPageFile, sendPageFile } from '../page.ts'
import { routes as runRoutes } from '../routes.ts'
import { SESSION_PATH, sendSession, signIn } from '../session.ts'
import { forwardRequest, type Threshold } from './forward.ts'
import type { FrontMetrics } from './metrics.ts'
import type { Shelf } from './shelf.ts'

export interface FrontSite extends Threshold {
  readonly shelf: Shelf
  readonly hosts: OwnHosts
  readonly pageDirectory: string
  /** As of a gateway. */
  readonly openMetrics: () => Promise<FrontMetrics>
}

interface Question {
  readonly site: FrontSite
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly place: Place
}

/** What a path means. */
export interface Place {
  /** The run that it is of; undefined at the root, which is of the newest one. */
  readonly name: string | undefined
  /** The path within the run, without the query. */
  readonly path: string
  readonly query: string
}

export function placeOf(target: string): Place {
  const [whole = '', ...query] = target.split('?')
  const ofRun = splitRunPath(whole)
  return {
    name: ofRun?.name,
    path: ofRun?.rest ?? whole,
    query: query.length === 0 ? '' : `?${query.join('?')}`,
  }
}

/** Answers any request there is. */
export async function answer(
  site: FrontSite,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  const { door, hosts } = site
  const place = placeOf(request.url ?? '/')
  const verb = verbOf(place)
  const caller = foreignness(request, hosts) ?? door.identify(request)
  const refusal = isRefusal(caller) ? caller : door.refusalOf(caller, verb)
  if (isRefusal(caller) || refusal !== null) return refuse(door, response, refusal!)
  const { method } = request
  const isSession = place.path === SESSION_PATH
  if (method === 'POST' && isSession) return signIn(door, caller, request, response)
  if (method === 'GET' || method === 'HEAD') {
    return get({ site, caller, request, response, place })
  }
  const allowed = isSession ? 'GET, HEAD, POST' : 'GET, HEAD'
  response.setHeader('allow', allowed)
  sendText(response, 405, `expected ${allowed}`)
}

const HEALTH_PATH = '/healthz'
const METRICS_PATH = '/metrics'

const isList = ({ name, path }: Place): boolean => name === undefined && path === RUNS_API_PATH
const isOfServer = ({ name, path }: Place): boolean => name === undefined && path === HEALTH_PATH
const isOwnMetrics = ({ name, path }: Place): boolean => name === undefined && path === METRICS_PATH
const isRoute = ({ path }: Place): boolean => Object.hasOwn(runRoutes, path)

function verbOf(place: Place): Verb {
  if (isList(place)) return 'readState'
  if (!isRoute(place)) return 'loadPage'
  // Whether a certain run is healthy also says that it is there.
  const isOfRun = place.name !== undefined && place.path === HEALTH_PATH
  return isOfRun ? 'readState' : runRoutes[place.path]!.verb
}

async function get(question: Question): Promise<void> {
  const { site, caller, request, response, place } = question
  if (place.path === SESSION_PATH) return sendSession(site.door, caller, response)
  if (isList(place)) return sendList(question)
  // Of the server itself: a probe is not to open any run.
  if (isOfServer(place)) return sendJson(response, 200, { healthy: true })
  if (isRoute(place)) {
    const more = isOwnMetrics(place) ? await ownMetrics(site) : ''
    const backend = await openBackend(site, place.name, response)
    if (backend === null) return
    const target = `${place.path}${place.query}`
    return forwardRequest(backend, site, target, request, response, more)
  }
  // Which runs there are is not for those whom nobody knows: they get the page, and it asks.
  if (isAllowed(caller, 'readState') && place.path === '/') {
    const { name } = place
    const newest = name === undefined ? await site.shelf.newest() : null
    if (newest !== null) return redirect(response, runPath(newest))
    if (name !== undefined && !(await site.shelf.has(name))) {
      return sendText(
        response,
        404,
        `there is no such run here; ${RUNS_PATH} lists those there are`,
      )
    }
  }
  return sendFile(question)
}

const ownMetrics = async ({ openMetrics }: FrontSite): Promise<string> =>
  (await openMetrics()).text()

/** Null when the answer has been given: why not. */
async function openBackend(site: FrontSite, name: string | undefined, response: ServerResponse) {
  try {
    const { shelf, inside } = site
    return await shelf.open(name ?? (await shelf.newest()), inside)
  } catch (error) {
    refuse(site.door, response, { status: statusOf(error), reason: describeError(error) })
    return null
  }
}

export const statusOf = (error: unknown): 404 | 503 =>
  error instanceof RollcastError && error.code === 'NOT_FOUND' ? 404 : 503

async function sendList({ site, response, place }: Question): Promise<void> {
  const search = new URLSearchParams(place.query)
  const offset = wholeNumber(search.get('offset'), 0, 0, Number.MAX_SAFE_INTEGER)
  const limit = wholeNumber(search.get('limit'), RUNS_PAGE, 1, RUNS_PAGE_MAX)
  if (offset === null || limit === null) {
    const expected = `expected offset from 0 on and limit from 1 to ${RUNS_PAGE_MAX}`
    return sendText(response, 400, `${expected}, found ${place.query}`)
  }
  sendJson(response, 200, await site.shelf.list(offset, limit))
}

/** Null for what is none, or out of range. */
function wholeNumber(
  text: string | null,
  fallback: number,
  min: number,
  max: number,
): number | null {
  if (text === null) return fallback
  if (!/^\d{1,15}$/.test(text)) return null
  const value = Number(text)
  return value >= min && value <= max ? value : null
}

function redirect(response: ServerResponse, location: string): void {
  // Another run is the newest tomorrow.
  response.writeHead(302, { location, 'cache-control': 'no-store' }).end()
}

async function sendFile({ site, request, response, place }: Question): Promise<void> {
  const isRunsPage = place.name === undefined && place.path === RUNS_PATH
  const found = await findPageFile(site.pageDirectory, isRunsPage ? '/runs.html' : place.path)
  if (found !== undefined) return sendPageFile(response, found, request.method === 'HEAD')
  if (place.path !== '/' && !isRunsPage) return sendText(response, 404, 'not found')
  sendText(response, 503, 'The viewer page has not been built: "npm run build:page" makes it.')
}
