// The line between a host and one actor: commands one way, reports the other, each in order, and the
// news of its end after everything that it had reported.
import type { ActorEndpoint } from '../../src/actors/endpoint.ts'
import type { ActorCommand, ActorReport, ActorStart } from '../../src/protocol/thread-messages.ts'
import type { Life } from './life.ts'
import { SimPort } from './ports.ts'
import type { World } from './world.ts'

export class ActorLine {
  readonly #host: SimPort
  readonly #actor: SimPort
  readonly #life: Life
  readonly #world: World
  #onReport: (report: ActorReport) => void = () => {}
  #onEnd: (error: Error | undefined) => void = () => {}

  constructor(world: World, hostLife: Life, life: Life) {
    this.#world = world
    this.#life = life
    this.#host = new SimPort(world, hostLife)
    this.#actor = new SimPort(world, life)
    this.#host.other = this.#actor
    this.#actor.other = this.#host
    this.#host.channel = `to ${life.name}`
    this.#actor.channel = `from ${life.name}`
    world.evidence.ports.push(this.#host, this.#actor)
    this.#host.on('message', message => this.#onReport(message as ActorReport))
  }

  command(command: ActorCommand): void {
    if (command.type === 'connect') {
      const port = command.port as SimPort
      port.own(this.#life)
      port.channel = command.channel
      port.other.channel = command.channel
    }
    this.#host.postMessage(command)
  }

  onReport(listener: (report: ActorReport) => void): void {
    this.#onReport = listener
  }

  onEnd(listener: (error: Error | undefined) => void): void {
    this.#onEnd = listener
  }

  /** Told after everything that the actor had reported. */
  ended(error: Error | undefined): void {
    if (this.#actor.counts.inside > 0) {
      this.#host.owner.clock.schedule(1, () => this.ended(error))
      return
    }
    this.#onEnd(error)
    this.#host.close()
  }

  endpoint(start: ActorStart, exit: (error: unknown) => void): ActorEndpoint {
    return {
      start,
      report: told => {
        const report = this.#world.plant.report?.(told) ?? told
        this.#world.evidence.reported(this.#life, report)
        this.#actor.postMessage(report)
      },
      onCommand: listener =>
        this.#actor.on('message', command => listener(command as ActorCommand)),
      exit,
    }
  }
}
