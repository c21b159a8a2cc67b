// A browser that is only looked at through the DevTools protocol, and by no more of it than a
// measurement needs: a driver that listens to the network would get every frame a second time.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { assert } from '../src/base/assert.ts'
import { RollcastError } from '../src/base/errors.ts'
import { chromiumFlags, chromiumPath } from '../tests/setup/packages.ts'
import { whenInterrupted } from './when-interrupted.ts'

export const hasChromium = (): boolean => existsSync(chromiumPath)

const PATIENCE_MILLIS = 30_000

interface Message {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

/** A page, or a worker of one. */
interface Target {
  /** The value of an expression, which must fit into JSON. */
  evaluate<T>(expression: string): Promise<T>
}

export interface BrowserPage extends Target {
  /** The page's first worker. */
  readonly worker: Promise<Target>
  close(): Promise<void>
}

export class Chromium {
  readonly #process: ChildProcess
  readonly #socket: WebSocket
  readonly #answers = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  #onAttached = (_session: string, _parent: string, _type: string): void => {}
  #lastId = 0

  private constructor(process: ChildProcess, socket: WebSocket) {
    this.#process = process
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data))))
  }

  /** Starts a browser with an empty profile in `dir`. */
  static async launch(dir: string): Promise<Chromium> {
    const own = ['--remote-debugging-port=0', `--user-data-dir=${dir}`, 'about:blank']
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    const child = spawn(chromiumPath, [...chromiumFlags, ...own], { stdio })
    child.once(
      'exit',
      whenInterrupted(() => void child.kill('SIGKILL')),
    )
    const address = await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`the browser ended with ${code}`)))
      createInterface({ input: child.stderr }).on('line', line => {
        const found = /DevTools listening on (\S+)/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const socket = new WebSocket(address)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', () => reject(new Error(`no connection to ${address}`)))
    })
    return new Chromium(child, socket)
  }

  /** `script` runs in the page before its own. */
  async open(url: string, script?: string): Promise<BrowserPage> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' })
    const attached = await this.#send('Target.attachToTarget', { targetId, flatten: true })
    const session = String(attached['sessionId'])
    const worker = Promise.withResolvers<Target>()
    this.#onAttached = (child, parent, type) => {
      if (parent === session && type === 'worker') worker.resolve(this.#target(child))
    }
    const following = { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }
    await this.#send('Target.setAutoAttach', following, session)
    if (script !== undefined) {
      await this.#send('Page.enable', {}, session)
      await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: script }, session)
    }
    await this.#send('Page.navigate', { url }, session)
    return {
      ...this.#target(session),
      worker: within('a worker of the page', worker.promise),
      close: async () => {
        await this.#send('Target.closeTarget', { targetId })
      },
    }
  }

  async close(): Promise<void> {
    const ended = new Promise(resolve => this.#process.once('exit', resolve))
    this.#socket.close()
    this.#process.kill()
    await ended
  }

  #target(session: string): Target {
    return {
      evaluate: async <T>(expression: string) => {
        const options = { expression, returnByValue: true, awaitPromise: true }
        const answer = await this.#send('Runtime.evaluate', options, session)
        assert(!answer['exceptionDetails'], JSON.stringify(answer['exceptionDetails']))
        return (answer['result'] as { value: T }).value
      },
    }
  }

  #send(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId
    const answer = Promise.withResolvers<Record<string, unknown>>()
    this.#answers.set(id, answer)
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    return within(`the browser's answer to ${method}`, answer.promise)
  }

  #take({ id, method, params, sessionId, result, error }: Message): void {
    if (method === 'Target.attachedToTarget') {
      const { sessionId: child, targetInfo } = params as {
        readonly sessionId: string
        readonly targetInfo: { readonly type: string }
      }
      this.#onAttached(child, sessionId ?? '', targetInfo.type)
    }
    const answer = id === undefined ? undefined : this.#answers.get(id)
    if (id === undefined || answer === undefined) return
    this.#answers.delete(id)
    if (error) answer.reject(new RollcastError('UNAVAILABLE', `the browser: ${error.message}`))
    else answer.resolve({ ...result })
  }
}

function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = new RollcastError('TIMEOUT', `waited ${PATIENCE_MILLIS} ms for ${what}`)
    timer = setTimeout(() => reject(error), PATIENCE_MILLIS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
