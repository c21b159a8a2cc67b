// Where an actor finds its host: the same line to the host whether the actor was placed in a
// thread or in a process of its own. In a process, channels are carried over the one IPC line, so
// a port is a number there and a MessagePort here.
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { ActorCommand, ActorReport, ActorStart } from '../protocol/thread-messages.ts'
import type { MessagePortLike } from '../streams/port.ts'

/** The actor's line to its host. */
export interface ActorEndpoint {
  readonly start: ActorStart
  report(report: ActorReport): void
  onCommand(listener: (command: ActorCommand) => void): void
  /** Ends the thread or process once everything in flight was reported; with `error`, by it. */
  exit(error?: unknown): void
}

/** On the IPC line of an actor in a process, both ways. */
export type ProcessMessage =
  | { readonly kind: 'start'; readonly start: ActorStart }
  | { readonly kind: 'control'; readonly body: ActorCommand | ActorReport }
  | { readonly kind: 'port'; readonly port: number; readonly body: unknown }
  | { readonly kind: 'close'; readonly port: number }

/** Resolves to the endpoint of the thread or process that this module runs in. */
export async function openEndpoint(): Promise<ActorEndpoint> {
  return isMainThread ? await processEndpoint() : threadEndpoint(workerData as ActorStart)
}

/** The endpoint of a thread that is the actor of `start`. */
export function threadEndpoint(
  start: ActorStart,
  onCommand?: ActorEndpoint['onCommand'],
): ActorEndpoint {
  const port = parentPort
  assert(port, 'an actor thread has a parent port')
  return {
    start,
    report: report => port.postMessage(report),
    onCommand: onCommand ?? (listener => port.on('message', listener)),
    // Closing the port lets the thread end by itself when nothing else is open.
    exit: error => {
      port.close()
      if (error !== undefined) throwOutside(error)
    },
  }
}

function processEndpoint(): Promise<ActorEndpoint> {
  assert(process.send, 'an actor process is started by its host, with an IPC line')
  const ports = new Map<number, ProcessPort>()
  /** What arrived before anybody listened, as a MessagePort holds it; a command for each channel. */
  const early: ActorCommand[] = []
  let listener = (command: ActorCommand): void => void early.push(command)
  // The host is gone: there is nobody to work for.
  process.on('disconnect', () => process.exit(0))
  // A terminal's Ctrl-C, and the end of a job, reach all processes; the host decides when this stops.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  return new Promise(resolve => {
    process.on('message', (message: ProcessMessage) => {
      if (message.kind === 'start') {
        resolve({
          start: message.start,
          report: body => sendToHost({ kind: 'control', body }),
          onCommand(next) {
            listener = next
            for (const command of early.splice(0)) next(command)
          },
          exit: error => {
            process.removeAllListeners('disconnect')
            process.disconnect()
            if (error !== undefined) throwOutside(error)
          },
        })
      } else if (message.kind === 'control') {
        listener(openPorts(message.body as ActorCommand, ports))
      } else if (message.kind === 'port') ports.get(message.port)?.deliver(message.body)
      else ports.delete(message.port)
    })
  })
}

/** Out of every promise chain and machine, so that nothing can swallow it. */
function throwOutside(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

function sendToHost(message: ProcessMessage): void {
  // The callback keeps a host that died from raising an error here; `disconnect` follows.
  process.send?.(message, undefined, undefined, () => {})
}

function openPorts(command: ActorCommand, ports: Map<number, ProcessPort>): ActorCommand {
  if (command.type !== 'connect') return command
  const port = new ProcessPort(command.port as number)
  ports.set(command.port as number, port)
  return { ...command, port }
}

/** One end of a channel that is carried over the IPC line. */
class ProcessPort implements MessagePortLike {
  readonly #number: number
  #listeners: ((message: unknown) => void)[] = []
  /** What arrived before anybody listened, as a MessagePort holds it; bounded by the credits. */
  #early: unknown[] = []

  constructor(number: number) {
    this.#number = number
  }

  postMessage(body: unknown): void {
    sendToHost({ kind: 'port', port: this.#number, body })
  }

  on(_event: 'message', listener: (message: unknown) => void): void {
    this.#listeners.push(listener)
    for (const message of this.#early.splice(0)) listener(message)
  }

  off(_event: 'message', listener: (message: unknown) => void): void {
    this.#listeners = this.#listeners.filter(other => other !== listener)
  }

  close(): void {
    sendToHost({ kind: 'close', port: this.#number })
  }

  deliver(message: unknown): void {
    if (this.#listeners.length === 0) this.#early.push(message)
    for (const listener of this.#listeners) listener(message)
  }
}
