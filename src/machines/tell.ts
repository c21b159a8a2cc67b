// What reaches an actor after its machine has ended is late, and nothing else.
import type { AnyActorRef, EventObject } from 'xstate'

/** Sends `event` to `actor`; does nothing when its machine has ended. */
export function tell<Event extends EventObject>(
  actor: Pick<AnyActorRef, 'getSnapshot'> & { send(event: Event): void },
  event: Event,
): void {
  const { status } = actor.getSnapshot() as { status?: string }
  if (status === 'active') actor.send(event)
}
