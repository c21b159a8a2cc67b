// A family of samples for Prometheus: a name, what it means, and what it reads at the moment at which
// somebody asks. Nothing is kept between two questions, so that nothing has to be kept up to date.
import { Counter, Gauge, type Registry } from 'prom-client'

export type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>]

export interface MetricFamily<S> {
  /** Of a counter when it ends in `_total`, else of a gauge. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  /** None where nothing is known. */
  samples(source: S): readonly Sample[]
}

export function register<S>(registry: Registry, family: MetricFamily<S>, source: S): void {
  const { name, help, labels: labelNames = [] } = family
  const config = { name, help, labelNames, registers: [registry] }
  const isCounter = name.endsWith('_total')
  const fill = (metric: Counter | Gauge): void => {
    metric.reset()
    const samples = family.samples(source)
    // Without labels it would be told as 0.
    if (labelNames.length === 0 && samples.length === 0) metric.remove()
    for (const [value, labels = {}] of samples) metric.inc(labels, value)
  }
  if (isCounter) {
    new Counter({
      ...config,
      collect() {
        fill(this)
      },
    })
  } else {
    new Gauge({
      ...config,
      collect() {
        fill(this)
      },
    })
  }
}

/** What a door has refused: with a status of HTTP; `connection`: closed before anything was read. */
export const ofRefusals = (
  name: string,
  refused: ReadonlyMap<string, number>,
): MetricFamily<unknown> => ({
  name,
  help: 'Requests, handshakes and connections that were refused.',
  labels: ['status'],
  samples: () => [...refused].map(([status, count]): Sample => [count, { status }]),
})
