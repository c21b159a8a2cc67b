// The thread's own end of a spare: loads the actors of a run, and becomes one when it is told.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ActorDefinition } from '../actors/run-actor.ts'
import type { ActorCommand, ActorStart } from '../protocol/thread-messages.ts'
import { type ActorKind, type ActorName, kindOf } from './topology.ts'

/** What the thread is started with. */
export interface SpareStart {
  readonly kinds: readonly ActorKind[]
}

/** What it is told first. */
export type FirstWord = { readonly become: ActorStart } | 'end'

const definitions: Readonly<Record<ActorKind, () => Promise<ActorDefinition<never>>>> = {
  recorder: async () => (await import('../actors/recorder/actor.ts')).recorder,
  encoder: async () => (await import('../actors/encoder/actor.ts')).encoder,
  aggregator: async () => (await import('../actors/aggregator/actor.ts')).aggregator,
  broadcaster: async () => (await import('../actors/broadcaster/actor.ts')).broadcaster,
  dataset: async () => (await import('../export/actor.ts')).dataset,
  player: async () => (await import('../replay/actor.ts')).player,
}

async function standBy(port: MessagePort, { kinds }: SpareStart): Promise<void> {
  const first = Promise.withResolvers<FirstWord>()
  let isTold = false
  /** What comes while the actor is not there yet. */
  const early: ActorCommand[] = []
  let listener = (command: ActorCommand): void => void early.push(command)
  port.on('message', (message: FirstWord | ActorCommand) => {
    if (isTold) return listener(message as ActorCommand)
    isTold = true
    first.resolve(message as FirstWord)
  })
  const { threadEndpoint } = await import('../actors/endpoint.ts')
  const { runActor } = await import('../actors/run-actor.ts')
  for (const kind of kinds) if (!isTold) await definitions[kind]()
  const told = await first.promise
  const load = told === 'end' ? undefined : definitions[kindOf(told.become.name as ActorName)]
  if (told === 'end' || load === undefined) return port.close()
  const endpoint = threadEndpoint(told.become, next => {
    listener = next
    for (const command of early.splice(0)) next(command)
  })
  runActor(endpoint, await load())
}

if (parentPort) await standBy(parentPort, workerData as SpareStart)
