// What can happen to a log, as fast-check draws it.
import fc from 'fast-check'
import { command, repeat } from '../campaign.ts'
import type { AppendPlan, LogWorld } from './world.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })
const producer = fc.nat(2)

const append = fc
  .record<AppendPlan>({
    producer,
    metrics: fc.nat(12),
    frames: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(2)),
    padding: fc.nat(50),
    snapshot: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  })
  .map(plan =>
    command<LogWorld>(
      `producer ${plan.producer} appends ${plan.metrics} + ${plan.frames} (${plan.padding} B)`,
      world => world.append(plan),
    ),
  )

/** An event that fills most of a batch, so that the next one begins another. */
const appendLarge = producer.map(who => {
  const plan = { producer: who, metrics: 1, frames: 0, padding: 200_000, snapshot: false }
  return command<LogWorld>(`producer ${who} appends 200 kB`, world => world.append(plan))
})

const resend = fc
  .tuple(producer, fc.oneof(fc.nat(3), fc.nat(20)))
  .map(([who, back]) =>
    command<LogWorld>(`producer ${who} sends again, ${back} back`, world =>
      world.resend(who, back),
    ),
  )

const disorder = fc
  .tuple(producer, fc.constantFrom('overtakes' as const, 'overlaps' as const))
  .map(([who, how]) =>
    command<LogWorld>(`producer ${who} ${how}`, world => world.disorder(who, how)),
  )

const plain = (name: string, run: (world: LogWorld) => Promise<void>) =>
  fc.constant(null).map(() => command(name, run))

const advance = fc
  .oneof({ weight: 8, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.constant(31_000) })
  .map(millis => command<LogWorld>(`${millis} ms pass`, world => world.advance(millis)))

const read = fc
  .tuple(share, fc.nat(60), fc.boolean())
  .map(([from, length, reverse]) =>
    command<LogWorld>(`read ${length} from ${from} ${reverse ? 'back' : ''}`, world =>
      world.read({ from, length, reverse }),
    ),
  )

const prune = share.map(upTo => command<LogWorld>(`prune ${upTo}`, world => world.prune(upTo)))

const kinds = [
  'hold',
  'hold',
  'release',
  'release',
  'refused',
  'answerLost',
  'hangs',
  'answerHangs',
  'full',
  'fenced',
] as const
const disturb = fc
  .constantFrom(...kinds)
  .map(how => command<LogWorld>(`storage: ${how}`, world => world.disturb(how)))

/** In the proportions in which they are drawn. */
export const logCommands: fc.Arbitrary<fc.AsyncCommand<LogWorld, LogWorld>>[] = [
  ...repeat(10, append),
  appendLarge,
  ...repeat(2, resend),
  disorder,
  ...repeat(
    2,
    plain('flush', world => world.flush()),
  ),
  ...repeat(3, advance),
  ...repeat(2, read),
  prune,
  disturb,
  plain('reopen', world => world.reopen()),
  plain('crash', world => world.crash()),
]
