// A server of a peer's, as a child process for as long as one measurement.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { RollcastError } from '../../src/base/errors.ts'
import { whenInterrupted } from '../when-interrupted.ts'

const START_MILLIS_MAX = 10_000
const LOOK_MILLIS = 10

/** Runs `body` with a connection to a server that it starts, and ends the server. */
export async function withServer<T>(
  command: string,
  args: readonly string[],
  address: { readonly path: string } | { readonly host: string; readonly port: number },
  body: (socket: Socket) => Promise<T>,
): Promise<T> {
  const server = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] })
  const ended = once(server, 'exit')
  const forget = whenInterrupted(() => void server.kill('SIGKILL'))
  try {
    const socket = await connectWhenUp(server, address, `${command} ${args.join(' ')}`)
    try {
      return await body(socket)
    } finally {
      socket.destroy()
    }
  } finally {
    server.kill('SIGKILL')
    await ended
    forget()
  }
}

async function connectWhenUp(
  server: ChildProcess,
  address: Parameters<typeof withServer>[2],
  command: string,
): Promise<Socket> {
  const deadline = performance.now() + START_MILLIS_MAX
  for (;;) {
    const socket = connect({ ...address, noDelay: true })
    try {
      await once(socket, 'connect')
      return socket
    } catch (cause) {
      socket.destroy()
      if (server.exitCode !== null || performance.now() > deadline) {
        const message = `${command}: expected a server within ${START_MILLIS_MAX} ms, found none`
        throw new RollcastError('UNAVAILABLE', message, { cause })
      }
      await delay(LOOK_MILLIS)
    }
  }
}
