// The viewer's thread: a WebSocket client that wants the newest and notes how old what it gets is.
import { parentPort, workerData } from 'node:worker_threads'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { assert } from '../src/base/assert.ts'
import { Histogram } from '../src/base/histogram.ts'
import { decodeFrameMessage } from '../src/protocol/frame-message.ts'
import { stringifyMessage } from '../src/protocol/message-text.ts'
import { type ServerMessage, serverMessageSchema } from '../src/protocol/server-messages.ts'
import { VIEWER_PROTOCOL, VIEWER_PROTOCOL_VERSION } from '../src/protocol/viewer-protocol.ts'
import {
  type Ages,
  monotonicMillis,
  type ViewerCommand,
  type ViewerMessage,
  type ViewerStart,
} from './viewer.ts'

const { url, maxFps, clockOffset } = workerData as ViewerStart
const states = new Histogram()
const frames = new Histogram()
let bytes = 0
let [lastEpisode, lastStep] = [0, -1]
let ended = { episode: 0, steps: 0 }
let wanted: number | undefined

const tell = (message: ViewerMessage): void => parentPort?.postMessage(message)
const agesOf = (ages: Histogram): Ages => ({
  count: ages.count,
  p50: ages.quantile(0.5),
  p99: ages.quantile(0.99),
  max: ages.max,
})

const socket = new WebSocket(`${url.replace('http', 'ws')}ws`, VIEWER_PROTOCOL, {
  perMessageDeflate: false,
})
socket.on('error', error => tell({ type: 'failed', problem: error.message }))
socket.on('open', () => {
  const hello = { type: 'hello', v: VIEWER_PROTOCOL_VERSION, delivery: 'newest' } as const
  socket.send(stringifyMessage({ ...hello, max_fps: maxFps }))
})
socket.on('message', (data: Buffer, isBinary: boolean) => {
  const now = monotonicMillis() + clockOffset
  bytes += data.byteLength
  if (isBinary) frames.record(now - decodeFrameMessage(data).captureTime)
  else take(v.parse(serverMessageSchema, JSON.parse(data.toString())), now)
})

function take(message: ServerMessage, now: number): void {
  if (message.type === 'connection_established') tell({ type: 'connected' })
  else if (message.type === 'error') tell({ type: 'failed', problem: message.message })
  else if (message.type === 'state_update') {
    const { episode, step } = message
    const forward = episode > lastEpisode || (episode === lastEpisode && step > lastStep)
    assert(forward, `step ${step} of episode ${episode} after ${lastStep} of ${lastEpisode}`)
    lastEpisode = episode
    lastStep = step
    states.record(now - message.timestamp)
  } else if (message.type === 'episode_end') {
    ended = message
    report()
  }
}

function report(): void {
  if (wanted === undefined || ended.episode < wanted) return
  wanted = undefined
  const [stateAges, frameAges] = [agesOf(states), agesOf(frames)]
  const episodeSteps = ended.steps
  tell({ type: 'report', report: { states: stateAges, frames: frameAges, bytes, episodeSteps } })
  states.reset()
  frames.reset()
  bytes = 0
}

parentPort?.on('message', (command: ViewerCommand) => {
  if (command.type === 'report') {
    wanted = command.episode
    report()
  } else {
    socket.close()
    parentPort?.close()
  }
})
