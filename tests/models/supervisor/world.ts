// A supervisor and its children beside a runtime in miniature: threads and processes that start,
// die, refuse, hang and obey when the test says so. The model is the list of deaths and of who is
// alive; OTP's rule is read off it.
import { type ActorRefFrom, createActor } from 'xstate'
import { type Clock, SimulatedClock } from '../../../src/base/clock.ts'
import type { ChildCommand, ChildNews, ChildSpec } from '../../../src/machines/child.machine.ts'
import { machineClock } from '../../../src/machines/machine-clock.ts'
import { restartLimits } from '../../../src/machines/restart-intensity.ts'
import { stateName } from '../../../src/machines/state-name.ts'
import {
  onCommands,
  type SupervisorCommand,
  supervisorMachine,
} from '../../../src/machines/supervisor.machine.ts'
import type { Invariants } from '../campaign.ts'

interface Life {
  readonly spec: ChildSpec
  /** Whether there is a thread or process, and whether it has said that it runs. */
  state: 'none' | 'starting' | 'running'
  /** Neither stops when asked nor says anything. */
  deaf: boolean
  /** What it was told last and has not done. */
  told: 'askToStop' | 'killChild' | null
  starts: number
  diedAt: number
}

export interface SupervisorPlants {
  /** What becomes of news on their way to the supervisor. */
  readonly news?: (news: ChildNews) => ChildNews
  readonly clock?: (clock: Clock) => Clock
}

export class SupervisorWorld {
  readonly #clock = new SimulatedClock()
  readonly #invariants: Invariants
  readonly #plants: SupervisorPlants
  readonly #supervisor: ActorRefFrom<typeof supervisorMachine>
  readonly #lives: readonly Life[]
  #deaths: number[] = []
  /** From when on nothing may be started any more. */
  #over = false
  #alarms = 0

  constructor(specs: readonly ChildSpec[], invariants: Invariants, plants: SupervisorPlants = {}) {
    this.#invariants = invariants
    this.#plants = plants
    const life = { state: 'none', deaf: false, told: null, starts: 0, diedAt: 0 } as const
    this.#lives = specs.map(spec => ({ spec, ...life }))
    const clock = machineClock(plants.clock?.(this.#clock) ?? this.#clock)
    this.#supervisor = createActor(supervisorMachine, { input: { children: specs }, clock })
    onCommands(this.#supervisor, command => this.#obey(command))
    this.#supervisor.start()
  }

  #obey(command: ChildCommand | SupervisorCommand): void {
    if (command.type === 'alarm') {
      this.#alarms++
      this.#invariants.saw('escalations')
      this.#over = true
      return
    }
    const life = this.#lives.find(({ spec }) => spec.name === command.child)!
    if (command.type === 'startChild') this.#start(life)
    else if (command.type === 'cutOff') this.#cutOff(life)
    else {
      life.told = command.type
      const { holds } = this.#checks
      const may = command.type === 'askToStop' || life.spec.killable
      holds(17, may, () => `${command.child} is a worker and was killed`)
      if (this.#over && life.state !== 'none') this.#checkOrder(life)
    }
  }

  #start(life: Life): void {
    const { holds } = this.#checks
    const { name } = life.spec
    holds(16, !this.#over, () => `${name} was started after the group gave up`)
    holds(17, life.state === 'none', () => `${name} was started twice`)
    const before = this.#lives.slice(0, this.#lives.indexOf(life))
    const inTurn = life.starts > 0 || before.every(({ starts }) => starts > 0)
    holds(17, inTurn, () => `${name} was started before those before it`)
    const wait = this.#clock.monotonic() - life.diedAt
    const waited = life.starts === 0 || wait <= restartLimits.backOffMillisMax
    holds(16, waited, () => `${name} waited ${wait} ms`)
    life.starts++
    life.state = 'starting'
    life.deaf = false
    life.told = null
  }

  /** Its thread hangs on; for the group it is dead. */
  #cutOff(life: Life): void {
    const { name, replaceable } = life.spec
    this.#checks.holds(17, replaceable, () => `${name} was cut off, and nothing can replace it`)
    this.#end(life, 0)
  }

  /** Told to go when those that were started after it have gone, or were given up. */
  #checkOrder(life: Life): void {
    const { children } = this.#supervisor.getSnapshot()
    const later = this.#lives.slice(this.#lives.indexOf(life) + 1)
    const gone = later.every(({ spec }) => children[spec.name]?.getSnapshot().status === 'done')
    const { name } = life.spec
    // One that was stuck before the group gave up has been told already.
    const stuck = ['unresponsive', 'killing'].includes(this.#stateOf(name))
    this.#checks.holds(16, gone || stuck, () => `${name} was told to stop before a later one`)
  }

  #stateOf = (child: string): string =>
    stateName(this.#supervisor.getSnapshot().children[child]!.getSnapshot().value)

  get #checks(): { holds: Invariants['holds'] } {
    return { holds: (...args) => this.#invariants.holds(...args) }
  }

  #lifeOf = (index: number): Life => this.#lives[index % this.#lives.length]!

  #send(news: ChildNews): void {
    if (this.#supervisor.getSnapshot().status !== 'active') return
    this.#supervisor.send(this.#plants.news?.(news) ?? news)
  }

  ready(index: number): void {
    const life = this.#lifeOf(index)
    if (life.state === 'none' || life.deaf) return
    life.state = 'running'
    this.#send({ type: 'ready', child: life.spec.name })
    this.#look()
  }

  die(index: number, jitter: number): void {
    const life = this.#lifeOf(index)
    if (life.state === 'none') return
    this.#end(life, jitter)
    this.#look()
  }

  #end(life: Life, jitter: number): void {
    const atMillis = this.#clock.monotonic()
    life.state = 'none'
    life.diedAt = atMillis
    if (!this.#over) this.#deaths.push(atMillis)
    const child = life.spec.name
    const { windowMillis, restartsMax } = restartLimits
    const recent = this.#deaths.filter(at => atMillis - at <= windowMillis).length
    const tooMany = !this.#over && recent > restartsMax
    this.#send({ type: 'died', child, atMillis, jitter, reason: 'planted' })
    const red = this.#supervisor.getSnapshot().hasTag('red')
    const { holds } = this.#checks
    if (tooMany) holds(16, red, () => `${recent} deaths within ${windowMillis} ms`)
  }

  refuse(index: number): void {
    const life = this.#lifeOf(index)
    if (life.state !== 'starting') return
    life.state = 'none'
    this.#send({ type: 'refused', child: life.spec.name, reason: 'planted' })
    this.#look()
  }

  hang(index: number): void {
    const life = this.#lifeOf(index)
    if (life.state === 'none') return
    life.deaf = true
    this.#send({ type: 'stuck', child: life.spec.name, reason: 'no heartbeat' })
    this.#look()
  }

  /** Whoever was told to go, and can hear it, goes. */
  comply(): void {
    for (const life of this.#lives) {
      const hears = life.told === 'killChild' || (life.told === 'askToStop' && !life.deaf)
      if (life.state !== 'none' && hears) this.#end(life, 0)
    }
    this.#look()
  }

  pass(millis: number): void {
    this.#clock.advance(millis)
    this.#look()
  }

  stop(): void {
    this.#over = true
    if (this.#supervisor.getSnapshot().status === 'active') this.#supervisor.send({ type: 'stop' })
    this.#look()
  }

  #look(): void {
    const { status, context, error } = this.#supervisor.getSnapshot()
    const { holds } = this.#checks
    holds(17, status !== 'error', () => `the supervisor failed: ${String(error)}`)
    const said = this.#alarms === (context.reason === null ? 0 : 1)
    holds(16, said, () => `${this.#alarms} alarms, reason ${context.reason}`)
  }

  /** The group is told to stop; all that can hear it do, and nothing is left that could. */
  finish(): void {
    this.stop()
    for (let rounds = 0; this.#supervisor.getSnapshot().status === 'active'; rounds++) {
      this.#checks.holds(17, rounds < 100, () => `still in ${this.#states()}`)
      this.comply()
      this.pass(1_000)
    }
    const left = this.#lives.filter(life => life.state !== 'none').map(({ spec }) => spec.name)
    const givenUp = left.every(name => this.#stateOf(name) === 'abandoned')
    this.#checks.holds(17, givenUp, () => `${left} live on and nobody cares`)
  }

  #states(): string {
    const { value } = this.#supervisor.getSnapshot()
    return [stateName(value), ...this.#lives.map(({ spec }) => this.#stateOf(spec.name))].join()
  }
}
