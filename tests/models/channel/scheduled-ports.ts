// Two ends of a port whose messages arrive when fast-check's scheduler says so. Those of one
// direction keep their order, as a MessagePort keeps it; everything else may come in between.
import type fc from 'fast-check'
import { type FakePort, fakePortPair } from '../../streams/fake-ports.ts'

export function scheduledPortPair(scheduler: fc.Scheduler, name: string): [FakePort, FakePort] {
  const [near, far] = fakePortPair()
  deliverOnSchedule(scheduler, near, far, `to ${name}`)
  deliverOnSchedule(scheduler, far, near, `from ${name}`)
  return [near, far]
}

function deliverOnSchedule(
  scheduler: fc.Scheduler,
  from: FakePort,
  to: FakePort,
  label: string,
): void {
  const post = from.postMessage.bind(from)
  from.postMessage = (message, transfer) => {
    post(message, transfer)
    void scheduler.schedule(Promise.resolve(), label).then(() => to.deliver())
  }
}
