// The circuit breaker around a trainer's hook (showcase S2): after some failures in a row it opens
// and the hook is not called; after a while one trial is let through, and its outcome decides. The
// tag `admits` says whether to call: `snapshot.hasTag('admits')`.
import { assign, setup } from 'xstate'

/** The outcome of a call that was admitted. */
export type BreakerEvent = { type: 'succeeded' } | { type: 'failed' }

export interface BreakerContext {
  /** Failures in a row. */
  readonly failures: number
  readonly failuresMax: number
  readonly openMillis: number
}

export interface BreakerInput {
  /** Failures in a row that open it. Default 3. */
  readonly failuresMax?: number
  /** How long it stays open before a trial. Default 30 000. */
  readonly openMillis?: number
}

export const breakerMachine = setup({
  types: {} as { context: BreakerContext; events: BreakerEvent; input: BreakerInput },
  actions: {
    count: assign({ failures: ({ context }) => context.failures + 1 }),
    reset: assign({ failures: 0 }),
  },
  guards: { isLastStraw: ({ context }) => context.failures + 1 >= context.failuresMax },
  delays: { openTime: ({ context }) => context.openMillis },
}).createMachine({
  id: 'breaker',
  context: ({ input }) => ({
    failures: 0,
    failuresMax: input.failuresMax ?? 3,
    openMillis: input.openMillis ?? 30_000,
  }),
  initial: 'closed',
  states: {
    closed: {
      tags: 'admits',
      on: {
        succeeded: { actions: 'reset' },
        failed: [{ guard: 'isLastStraw', target: 'open', actions: 'count' }, { actions: 'count' }],
      },
    },
    open: { after: { openTime: 'halfOpen' } },
    halfOpen: {
      tags: 'admits',
      on: {
        succeeded: { target: 'closed', actions: 'reset' },
        failed: { target: 'open', actions: 'count' },
      },
    },
  },
})
