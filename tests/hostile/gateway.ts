// Starts the gateway under attack, with a viewer beside the attackers that must go on unharmed.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect } from 'vitest'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { WsClient } from '../gateway/ws-client.ts'
import { until } from '../runtime/harness.ts'

/** What the child says of itself. */
export interface Answer {
  readonly port: number
  readonly viewers: number
  /** Its resident memory after a collection. */
  readonly mib: number
  /** Keys that every object has inherited: must be none. */
  readonly inherited: readonly string[]
}

export interface AttackedOptions {
  readonly pageDirectory?: string
  /** Further options of Node. */
  readonly nodeArguments?: readonly string[]
  readonly plants?: readonly Plant[]
}

const program = fileURLToPath(new URL('./gateway.child.ts', import.meta.url))

export class AttackedGateway {
  readonly port: number
  /** All that it has written to stderr: must be nothing. */
  stderr = ''
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #neighbour: WsClient

  static async start(options: AttackedOptions = {}): Promise<AttackedGateway> {
    const { pageDirectory = '', nodeArguments = [], plants = [] } = options
    const child = fork(program, [pageDirectory], {
      // A young generation that may not grow: what grows then is what is held.
      execArgv: ['--expose-gc', '--max-semi-space-size=2', ...nodeArguments, ...plantArgv(plants)],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    await once(child, 'message')
    const { port } = await ask(child)
    const gateway = new AttackedGateway(child, port)
    await gateway.#neighbour.opened()
    return gateway
  }

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.#exited = once(child, 'exit')
    this.port = port
    child.stderr?.on('data', (text: Buffer) => {
      this.stderr += text.toString()
    })
    this.#neighbour = new WsClient(port, { delivery: 'newest', max_fps: 60 })
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  measure(): Promise<Answer> {
    return ask(this.#child)
  }

  /** Fails unless the attackers are gone, the process is well, and the viewer beside missed nothing. */
  async expectUnharmed(): Promise<void> {
    const neighbour = this.#neighbour
    const pongs = neighbour.of('pong').length
    const states = neighbour.of('state_update').length
    neighbour.say({ type: 'ping', client_time: 1 })
    await until('the neighbour to be answered and shown the next steps', () => {
      expect({ isAlive: this.isAlive, stderr: this.stderr }).toEqual({ isAlive: true, stderr: '' })
      return neighbour.of('pong').length > pongs && neighbour.of('state_update').length > states
    })
    await until('attackers to be gone', async () => (await this.measure()).viewers === 1)
    const numbers = neighbour.of('insight').map(({ data }) => data)
    const first = Number(numbers[0])
    expect(numbers).toEqual(numbers.map((_, index) => first + index))
    expect(neighbour.closeCode).toBe(null)
    expect((await this.measure()).inherited).toEqual([])
  }

  async stop(): Promise<void> {
    this.#neighbour.close()
    // One that has just died cannot be told, and has exited all the same.
    if (this.#child.connected) this.#child.send('stop', () => {})
    await this.#exited
  }
}

async function ask(child: ChildProcess): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const onExit = (): void => reject(new Error('the gateway has died'))
  child.once('message', resolve)
  child.once('exit', onExit)
  child.send('measure')
  return promise.finally(() => child.off('exit', onExit))
}

/** One gateway for all tests of a file. */
export function useAttackedGateway(options: () => AttackedOptions = () => ({})) {
  let gateway: AttackedGateway
  beforeAll(async () => {
    gateway = await AttackedGateway.start(options())
  })
  afterAll(() => gateway?.stop())
  return () => gateway
}
