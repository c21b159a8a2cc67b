// Starts actors, in a thread or in a process of their own, behind one handle. This is the only
// place that does. In a process, each channel is a number on the IPC line (actors/endpoint.ts).
import { type ChildProcess, fork } from 'node:child_process'
import { type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads'
import type { ProcessMessage } from '../actors/endpoint.ts'
import { type Entry, entryFile } from '../base/entries.ts'
import type { ActorCommand, ActorReport, ActorStart } from '../protocol/thread-messages.ts'
import { SpareThreads } from './spare-threads.ts'
import type { ActorKind } from './topology.ts'

export interface ActorHandle {
  /** Sends a command; for `connect`, the port moves to the actor. Nothing once it has ended. */
  command(command: ActorCommand): void
  onReport(listener: (report: ActorReport) => void): void
  /** Called once; `error` is what the actor died of, if it said. */
  onEnd(listener: (error: Error | undefined) => void): void
  /** Ends it from outside. Only for one that `mayTerminate`. */
  kill(): void
}

const entryOf: Readonly<Record<ActorKind, Entry>> = {
  recorder: 'actors/recorder/thread',
  encoder: 'actors/encoder/thread',
  aggregator: 'actors/aggregator/thread',
  broadcaster: 'actors/broadcaster/thread',
  player: 'replay/thread',
  dataset: 'export/thread',
}

/** Starts actors; from `keepSpare` on a restart in a thread finds one that has been loaded. */
export class Spawner {
  readonly #heap: ResourceLimits
  readonly #spares: SpareThreads

  constructor(heap: ResourceLimits) {
    this.#heap = heap
    this.#spares = new SpareThreads(heap)
  }

  readonly spawn = (kind: ActorKind, start: ActorStart): ActorHandle => {
    if (start.placement === 'process') return spawnProcess(kind, start)
    return handleOf(this.#spares.take(start) ?? loadThread(kind, start, this.#heap))
  }

  /** `kinds`: which may have to be started again. */
  keepSpares(kinds: readonly ActorKind[]): void {
    this.#spares.keep(kinds)
  }

  /** Waits for spares that load, for two seconds at most. */
  close(): Promise<void> {
    return this.#spares.close()
  }
}

const loadThread = (kind: ActorKind, start: ActorStart, resourceLimits: ResourceLimits): Worker =>
  new Worker(entryFile(entryOf[kind]), {
    workerData: start,
    name: `rollcast:${start.name}`,
    resourceLimits,
  })

function handleOf(worker: Worker): ActorHandle {
  let error: Error | undefined
  // Until it has said something it loads, and to end a thread that loads LMDB ends the whole process.
  const loaded = new Promise(resolve => worker.once('message', resolve))
  worker.on('error', cause => {
    error = cause instanceof Error ? cause : new Error(String(cause))
  })
  return {
    command: command =>
      worker.postMessage(command, command.type === 'connect' ? [command.port as MessagePort] : []),
    onReport: listener => worker.on('message', listener),
    onEnd: listener => worker.once('exit', () => listener(error)),
    kill: () => void loaded.then(() => worker.terminate()),
  }
}

function spawnProcess(kind: ActorKind, start: ActorStart): ActorHandle {
  const child = fork(entryFile(entryOf[kind]), [], { serialization: 'advanced', execArgv: [] })
  const bridges = new Bridges(child)
  const reports: ((report: ActorReport) => void)[] = []
  let error: Error | undefined
  child.on('error', cause => {
    error = cause
  })
  child.on('message', (message: ProcessMessage) => {
    if (message.kind !== 'control') return bridges.take(message)
    const report = message.body as ActorReport
    // Its exit code does not say what it died of.
    if (report.type === 'failed') error = new Error(report.message)
    for (const listener of reports) listener(report)
  })
  send(child, { kind: 'start', start })
  return {
    command(command) {
      if (command.type !== 'connect') return send(child, { kind: 'control', body: command })
      const port = bridges.add(command.port as MessagePort)
      send(child, { kind: 'control', body: { ...command, port } })
    },
    onReport: listener => reports.push(listener),
    onEnd(listener) {
      const end = (cause: Error | undefined): void => {
        bridges.close()
        listener(cause)
      }
      child.once('exit', (code, signal) => {
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`
        end(code === 0 ? undefined : (error ?? new Error(`the process ended by ${how}`)))
      })
      // One that the system did not make (EAGAIN, EMFILE) has no exit.
      child.once('error', cause => {
        if (child.pid === undefined) end(cause)
      })
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function send(child: ChildProcess, message: ProcessMessage): void {
  // With a callback, a child that has just died is no error here; its `exit` tells.
  if (child.connected) child.send(message, () => {})
}

/** Carries channels between MessagePorts here and numbers on the child's IPC line. */
class Bridges {
  readonly #child: ChildProcess
  readonly #ports = new Map<number, MessagePort>()
  #next = 1

  constructor(child: ChildProcess) {
    this.#child = child
  }

  add(port: MessagePort): number {
    const number = this.#next++
    this.#ports.set(number, port)
    port.on('message', body => send(this.#child, { kind: 'port', port: number, body }))
    port.on('close', () => {
      this.#ports.delete(number)
      send(this.#child, { kind: 'close', port: number })
    })
    return number
  }

  take(message: ProcessMessage): void {
    if (message.kind === 'port') this.#ports.get(message.port)?.postMessage(message.body)
    else if (message.kind === 'close') this.#ports.get(message.port)?.close()
  }

  close(): void {
    for (const port of this.#ports.values()) port.close()
  }
}
