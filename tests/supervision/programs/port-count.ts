// Counts the message ports that the threads of a process listen to: one that a restart forgets to
// close stays there for ever. To be loaded with `--import`, so that every thread has an ear.
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads'

const CHANNEL = 'port-count'
const ASK_AGAIN_MILLIS = 50

/** A question has a number, and each thread answers it once. */
type Word =
  | { readonly ask: number }
  | { readonly answer: number; readonly thread: number; readonly ports: number }

const ownPorts = (): number =>
  process.getActiveResourcesInfo().filter(resource => resource === 'MessagePort').length
let questions = 0

function listen(channel: BroadcastChannel, take: (word: Word) => void): void {
  channel.onmessage = event => take((event as { data: Word }).data)
}

if (!isMainThread) {
  const ear = new BroadcastChannel(CHANNEL)
  ear.unref()
  listen(ear, word => {
    if (!('ask' in word) || word.ask <= questions) return
    questions = word.ask
    ear.postMessage({ answer: word.ask, thread: threadId, ports: ownPorts() } satisfies Word)
  })
}

/** Ports of all threads; resolves when `workers` threads have answered. */
export async function countPorts(workers: number): Promise<number> {
  const answers = new Map<number, number>()
  const question = ++questions
  const mouth = new BroadcastChannel(CHANNEL)
  listen(mouth, word => {
    if ('answer' in word && word.answer === question) answers.set(word.thread, word.ports)
  })
  while (answers.size < workers) {
    // A thread that is still loading has no ear yet.
    mouth.postMessage({ ask: question } satisfies Word)
    await new Promise(resolve => setTimeout(resolve, ASK_AGAIN_MILLIS))
  }
  mouth.close()
  return [...answers.values()].reduce((sum, ports) => sum + ports, ownPorts())
}
