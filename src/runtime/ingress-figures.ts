// The counters of the trainer's own channel, in shared memory: the trainer's side writes them now
// and then, the host reads them. One writer, any reader; each word is one aligned 64-bit store.
import { type ChannelCounters, emptyCounters } from '../protocol/policies.ts'
import type { ChannelStatus } from '../protocol/thread-messages.ts'
import { ingressSpec } from './topology.ts'

const fields = Object.keys(emptyCounters()) as (keyof ChannelCounters)[]

export const createIngressFigures = (): SharedArrayBuffer =>
  new SharedArrayBuffer(fields.length * 8)

export class IngressFigures {
  readonly #words: Float64Array

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Float64Array(shared)
  }

  write(counters: ChannelCounters): void {
    for (const [i, field] of fields.entries()) this.#words[i] = counters[field]
  }

  read(): ChannelStatus {
    const counters = emptyCounters()
    for (const [i, field] of fields.entries()) counters[field] = this.#words[i]!
    const { name, policy, countMax, bytesMax } = ingressSpec
    return { name, policy: policy.kind, countMax, bytesMax, ...counters }
  }
}
