// What happens to the system, drawn from the seed: work of the trainer, viewers that come and go,
// and faults. Each seed leaves out some kinds of fault (swarm testing): one that always happens hides
// what the others would do.
import { MIB } from '../../src/base/bytes.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import type { Life } from './life.ts'
import { SimViewer } from './viewers.ts'
import type { World } from './world.ts'

const actors = ['recorder', 'encoder', 'aggregator', 'broadcaster'] as const
const VIEWERS_MAX = 4

type Deed = (world: World, script: Script) => void

/** Weight, and what is done. */
const deeds: Readonly<Record<string, readonly [weight: number, deed: Deed]>> = {
  work: [60, world => world.process.trainer.work(world.script.between(1, 40))],
  burst: [6, world => world.process.trainer.work(world.script.between(100, 400))],
  viewer: [12, (world, script) => script.viewerComes(world)],
  viewerLeaves: [6, world => pickViewer(world)?.socket?.cut()],
  viewerReads: [10, world => changeReading(world)],
  viewerAsks: [8, world => pickViewer(world)?.ask(world.script.pick([null, 1, 2, 3, 99]))],
  viewerMumbles: [1, world => pickViewer(world)?.socket?.say({ type: 'set', max_fps: 'all' })],
  kill: [5, world => killActor(world, world.script.pick(['throw', 'throw', 'exit']))],
  hang: [1, world => killActor(world, 'hang')],
  pauses: [3, (world, script) => script.pause(world)],
  clog: [2, (world, script) => script.clog(world)],
  slowDisk: [4, world => setDisk(world, world.script.pick([40, 120, 400]))],
  quickDisk: [4, world => setDisk(world, 4)],
  diskError: [0.7, world => failDisk(world, world.script.pick(['error', 'errorAfter']))],
  diskSilence: [0.2, world => failDisk(world, 'silence')],
  diskFull: [0.7, (world, script) => script.fillDisk(world)],
  slowPorts: [2, world => setPorts(world, world.script.pick([2, 2, 20, 60]))],
  wallJumps: [2, world => world.clock.jumpWall(world.script.pick([-86_400_000, -50, 3e11]))],
  again: [3, world => sendAgain(world)],
  crash: [1.5, (world, script) => script.crash(world)],
  close: [1.5, world => world.process.close()],
}

/** Without these there is nothing to disturb. */
const always = ['work', 'viewer', 'viewerLeaves', 'viewerReads', 'quickDisk', 'close']

export class Script {
  readonly #deeds: readonly (readonly [name: string, deed: Deed])[]
  readonly #pace: number
  #frozen: Life[] = []
  #healing = false

  constructor(world: World) {
    const { script, plant } = world
    const chosen = Object.entries(deeds).filter(([name]) =>
      plant.calm ? name === 'work' : always.includes(name) || !script.onceIn(3),
    )
    // Weights in tenths, as so many copies.
    this.#deeds = chosen.flatMap(([name, [weight, deed]]) =>
      Array.from({ length: weight * 10 }, () => [name, deed] as const),
    )
    this.#pace = script.pick([10, 40, 150])
    this.#next(world)
  }

  /** No more faults, and all that was done to the world is undone. */
  heal(world: World): void {
    this.#healing = true
    for (const life of this.#frozen) life.thaw()
    this.#frozen = []
    world.disk.fault = undefined
    world.disk.slowness = 4
    world.disk.freeBytes = 2 ** 40
    world.portMillis = 2
    // Of a long run a greeting alone is more than what those have who are to be crowded out.
    world.viewerBytesMax = MIB
    for (const viewer of world.viewers) {
      viewer.reading = 'fast'
      viewer.socket?.read()
    }
  }

  #next(world: World): void {
    world.clock.schedule(world.script.between(0, 2 * this.#pace), () => {
      if (this.#healing) return
      this.#next(world)
      this.#act(world)
    })
  }

  #act(world: World): void {
    const { process } = world
    if (process.ended !== undefined || process.crashed) {
      // Whoever runs the program starts it again.
      if (world.script.onceIn(3)) world.restart()
      return
    }
    // A log that has failed is given up by a new start, sooner or later.
    if (process.sealed && world.script.onceIn(20)) process.close()
    const [name, deed] = world.script.pick(this.#deeds)
    world.note(name)
    deed(world, this)
  }

  viewerComes(world: World): void {
    const { gateway } = world.process
    if (gateway === undefined) return
    let viewer = world.viewers.find(one => one.socket === undefined)
    if (viewer === undefined) {
      if (world.viewers.length >= VIEWERS_MAX) return
      viewer = new SimViewer(world)
      world.viewers.push(viewer)
    }
    viewer.delivery = world.script.pick(['newest', 'newest', 'paced', 'whole'])
    viewer.connect(gateway)
    if (!world.script.onceIn(12)) viewer.greet()
  }

  /** A thread gets no time for a while, less than what makes it look dead, or more. */
  pause(world: World): void {
    const life = pickLife(world, world.script.pick(actors))
    if (life === undefined) return
    const millis = world.script.pick([20, 200, 1000, 4000])
    world.note(`${life.name} pauses for ${millis} ms`)
    life.freeze()
    this.#frozen.push(life)
    world.clock.schedule(millis, () => this.#thaw(life))
  }

  /** Consumers stop one by one, and go on in another order. */
  clog(world: World): void {
    const lives = world.script
      .shuffle(['encoder', 'aggregator', 'broadcaster'] as const)
      .flatMap(kind => pickLife(world, kind) ?? [])
    for (const [index, life] of lives.entries()) {
      world.clock.schedule(index * 50, () => {
        if (this.#healing) return
        world.note(`${life.name} clogs`)
        life.freeze()
        this.#frozen.push(life)
      })
    }
    for (const [index, life] of world.script.shuffle(lives).entries()) {
      world.clock.schedule(300 + index * 150, () => this.#thaw(life))
    }
  }

  #thaw(life: Life): void {
    this.#frozen = this.#frozen.filter(other => other !== life)
    life.thaw()
  }

  fillDisk(world: World): void {
    world.disk.freeBytes = 0
    world.disk.wavers = world.script.onceIn(2)
    world.clock.schedule(world.script.between(100, 3000), () => {
      world.disk.freeBytes = 2 ** 40
    })
  }

  crash(world: World): void {
    world.process.crash()
    world.note(`process ${world.process.number} dies`)
  }
}

function pickViewer(world: World): SimViewer | undefined {
  return world.viewers.length === 0 ? undefined : world.script.pick(world.viewers)
}

function pickLife(world: World, kind: ActorKind): Life | undefined {
  const life = world.process.actors.get(kind)
  return life?.dead ? undefined : life
}

function changeReading(world: World): void {
  const viewer = pickViewer(world)
  if (viewer === undefined) return
  viewer.reading = world.script.pick(['fast', 'fast', 'slow', 'stalled'])
  viewer.socket?.read()
}

function killActor(world: World, how: 'throw' | 'exit' | 'hang'): void {
  world.process.crashActor(world.script.pick(actors), how)
}

function setDisk(world: World, slowness: number): void {
  world.disk.slowness = slowness
}

function failDisk(world: World, fault: World['disk']['fault']): void {
  world.disk.fault = fault
}

function setPorts(world: World, millis: number): void {
  world.portMillis = millis
}

/** A contribution that the log has is handed in once more, as a producer does that is not sure. */
function sendAgain(world: World): void {
  const { writer } = world.process
  const { acks } = world.evidence
  if (!writer || writer.life.dead || writer.writer.failure || acks.length === 0) return
  const { contribution } = world.script.pick(acks.slice(-10))
  writer.life.enter(() => {
    try {
      writer.writer.append(contribution)
    } catch (error) {
      if ((error as { code?: string }).code !== 'CLOSED') throw error
    }
  })
}
