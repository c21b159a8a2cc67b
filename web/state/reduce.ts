// How each message of the server changes what the page shows. Pure. Messages may come twice (after
// a reconnect): what has an identity is merged by it.
import type { ServerMessage, ServerMessageOf } from '../../src/protocol/server-messages.ts'
import { EPISODE_ROWS_MAX, type EpisodeRows, mergeRows, overlaps } from './episode-rows.ts'
import { type Insight, initialState, type Milestone, type ViewerState } from './viewer-state.ts'

const MILESTONES_MAX = 200
const INSIGHTS_MAX = 50
const AGENTS_MAX = 1024
/** At four reports a second the last two minutes. */
const COSTS_MAX = 480

/** The state after `message`. */
export function reduce(state: ViewerState, message: ServerMessage): ViewerState {
  const next = state.mode === message.mode ? state : { ...state, mode: message.mode }
  switch (message.type) {
    case 'connection_established':
      return establish(next, message)
    case 'episode_start':
      return withAgent({ ...next, started: message }, message.agent)
    case 'state_update':
      return withAgent(next, message.agent)
    case 'episode_end':
      return { ...next, ended: message }
    case 'episode':
      return openEpisode(next, message)
    case 'episodes':
      return withRows(next, message)
    case 'metrics':
      return { ...next, totals: message.totals, series: withSeries(next.series, message.series) }
    case 'milestone':
      return { ...next, milestones: withMilestone(next.milestones, message) }
    case 'insight':
      return { ...next, insights: withInsight(next.insights, message) }
    case 'system':
      return { ...next, system: message, costs: withCost(next.costs, message) }
    case 'pong':
      return next
    case 'error':
      return withError(next, message)
  }
}

/** Another run starts from nothing; the connection and the user's choices stay. */
function establish(
  state: ViewerState,
  message: ServerMessageOf<'connection_established'>,
): ViewerState {
  const sameRun = state.run === message.run
  const kept: ViewerState = sameRun
    ? state
    : {
        ...initialState,
        connection: state.connection,
        // The server goes on sending that agent and no other, and it may record later.
        followed: state.followed,
        invalid: state.invalid,
        route: isOfEpisodes(state) ? { view: 'live' } : state.route,
        loop: state.loop,
        filter: state.filter,
        playsFound: state.playsFound,
        mode: message.mode,
      }
  return {
    ...kept,
    run: message.run,
    name: message.name,
    agents: message.agents,
    awaitingFirstPage: true,
    olderRequest: null,
    problem: null,
  }
}

/**
 * Whether episodes of the run are shown by their numbers: those of another run are other episodes.
 * A comparison waits for its run where an address has led to it.
 */
const isOfEpisodes = ({ route, run }: ViewerState): boolean =>
  route.view === 'episode' || (route.view === 'compare' && run !== null)

function withAgent(state: ViewerState, agent: string): ViewerState {
  if (state.agents.includes(agent) || state.agents.length >= AGENTS_MAX) return state
  return { ...state, agents: [...state.agents, agent] }
}

function openEpisode(state: ViewerState, message: ServerMessageOf<'episode'>): ViewerState {
  const { replay } = state
  if (replay?.phase !== 'loading' || replay.request !== message.request) return state
  return {
    ...state,
    replay: {
      phase: 'ready',
      episode: message.row.episode,
      request: replay.request,
      row: message.row,
      steps: message.steps.length,
      thinnedBy: message.thinned_by,
      globalSteps: message.global_steps ?? [],
      framesExpected: message.frames_following,
      framesReceived: 0,
      problem: null,
    },
  }
}

function withRows(state: ViewerState, message: ServerMessageOf<'episodes'>): ViewerState {
  const answersOlder = message.request !== null && message.request === state.olderRequest
  // An answer to what is not asked any more may be anywhere in the run: it would leave holes.
  if (message.request !== null && !answersOlder) return state
  const firstPage = message.request === null && state.awaitingFirstPage
  // Episodes that were missed while away would leave a hole: start over from the page.
  const held = firstPage && !overlaps(state.rows, message.rows) ? [] : state.rows
  const rows = mergeRows(held, message.rows)
  const startsOver = firstPage && held.length === 0
  const setsMore = answersOlder || startsOver
  return {
    ...state,
    rows,
    more: rows.length < EPISODE_ROWS_MAX && (setsMore ? message.more : state.more),
    awaitingFirstPage: state.awaitingFirstPage && !firstPage,
    olderRequest: answersOlder ? null : state.olderRequest,
    olderBefore: answersOlder ? nextBefore(message) : startsOver ? top(rows) : state.olderBefore,
  }
}

/**
 * The first page has the episodes that ended last, and a long one has a low number: pages by number
 * begin at the top once more, or what is between would be missing.
 */
const top = (rows: EpisodeRows): number | null => (rows[0] ? rows[0].episode + 1 : null)

const nextBefore = ({ next, rows }: ServerMessageOf<'episodes'>): number | null =>
  next ?? rows.at(-1)?.episode ?? null

/** A quick update carries no points: those held stay. */
function withSeries(
  held: ViewerState['series'],
  incoming: ServerMessageOf<'metrics'>['series'],
): ViewerState['series'] {
  // Names are the user's: no inherited keys.
  const series: Record<string, ViewerState['series'][string]> = Object.assign(
    Object.create(null),
    held,
  )
  for (const one of incoming) {
    const points = one.points ?? held[one.name]?.points
    series[one.name] = points === undefined ? one : { ...one, points }
  }
  return series
}

function withCost(
  held: ViewerState['costs'],
  { time, trainer_cost_percent: cost }: ServerMessageOf<'system'>,
): ViewerState['costs'] {
  return cost === null ? held : [...held.slice(1 - COSTS_MAX), [time, cost]]
}

/** What is told again, to whoever comes back, is no other milestone. */
export const isSameMilestone = (one: Milestone, other: Milestone): boolean =>
  other.milestone === one.milestone && other.agent === one.agent && other.episode === one.episode

function withMilestone(held: readonly Milestone[], milestone: Milestone): readonly Milestone[] {
  return [milestone, ...held.filter(other => !isSameMilestone(milestone, other))]
    .sort((a, b) => b.time - a.time)
    .slice(0, MILESTONES_MAX)
}

function withInsight(held: readonly Insight[], insight: Insight): readonly Insight[] {
  const isSame = ({ kind, agent, time }: Insight): boolean =>
    kind === insight.kind && agent === insight.agent && time === insight.time
  return [insight, ...held.filter(other => !isSame(other))].slice(0, INSIGHTS_MAX)
}

function withError(state: ViewerState, message: ServerMessageOf<'error'>): ViewerState {
  const { replay } = state
  if (message.request === null) return { ...state, problem: message.message }
  if (message.request === state.olderRequest) {
    return { ...state, olderRequest: null, problem: message.message }
  }
  if (replay === null || replay.phase === 'failed' || replay.request !== message.request) {
    return state
  }
  if (replay.phase === 'ready') return { ...state, replay: { ...replay, problem: message.message } }
  return {
    ...state,
    replay: { phase: 'failed', episode: replay.episode, message: message.message },
  }
}
