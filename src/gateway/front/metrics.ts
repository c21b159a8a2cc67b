// What Prometheus is told of a front itself. It stands behind the figures of the newest run, which are
// asked for at the same address, and so under a name of its own.
import { Registry } from 'prom-client'
import { ofRefusals, register } from '../metric-family.ts'

export class FrontMetrics {
  readonly #registry = new Registry()

  /** `refused`: how often something was refused at the door, by what it was refused with. */
  constructor(refused: ReadonlyMap<string, number>) {
    const family = ofRefusals('rollcast_front_refused_requests_total', refused)
    register(this.#registry, family, undefined)
  }

  /** As of now. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
