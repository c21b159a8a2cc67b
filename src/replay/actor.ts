// The player: stands where the recorder stands in a run that is being recorded. It reads the log
// and feeds the same channels, so that aggregator, broadcaster and viewers can tell the two apart
// by the label only.
//
// `replay`: the whole log once, at a pace. `serve`: what a trainer writes now, as it becomes
// durable (mode `live`); without a trainer the newest finished episodes, again and again (mode
// `checkpoint`); it changes over by itself when a trainer comes or goes (mode `auto` of L9).

import type { ActorDefinition, ActorInstance, ActorScope } from '../actors/run-actor.ts'
import { pause } from '../base/clock.ts'
import { playerMachine } from '../machines/player.machine.ts'
import type { Position } from '../protocol/position.ts'
import type { DurableNotice, LiveBatch, LiveFrame } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import { isHeld } from '../store/lock.ts'
import { openLogReader } from '../store/open-log.ts'
import { watchLog } from '../store/tail.ts'
import { BatchPlayer, type PlayerOutlets } from './batch-player.ts'
import { listEpisodes } from './history.ts'
import { newestBatches } from './newest-batches.ts'
import { Pacer } from './pacer.ts'
import { type Part, splitByTime } from './part.ts'
import { Pictures } from './pictures.ts'
import { type Range, Selection } from './selection.ts'

export interface PlayerConfig {
  readonly runDir: string
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  readonly task: 'replay' | 'serve'
  /** Under `replay`; Infinity does not wait. */
  readonly speed: number
  /** Under `replay`: the last event; the end of the log when left out. */
  readonly toSeq?: number | undefined
  /** Under `replay`: only these episodes are shown; all when left out. */
  readonly episodes?: readonly number[] | undefined
}

export interface PlayerHeartbeat {
  readonly durable: Position
  readonly newest: Position
  readonly trainerAttached: boolean
}

/** Records that fall due within so much time go out together. */
const SPAN_MILLIS = 10
/** How long nothing may be heard of a trainer before it is looked for. */
const LOOK_MILLIS = 1_000
/** They are played again this much later at the soonest. */
const ROUND_MILLIS_MIN = 1_000
/** Finished episodes that are played again and again while no trainer is attached. */
const CHECKPOINT_EPISODES = 50
/** What a layout takes on its way, about. */
const LAYOUT_BYTES = 512

export const player: ActorDefinition<PlayerConfig> = {
  machine: playerMachine,
  create: scope => new Player(scope),
}

class Player implements ActorInstance {
  readonly #scope: ActorScope<PlayerConfig>
  readonly #reader: LogReader
  readonly #pictures: Pictures
  #player: BatchPlayer | undefined
  #running = false
  #attached = false
  #newest: Position = { epoch: 0, seq: 0 }
  #wake = (): void => {}
  #stopWatching = (): void => {}

  constructor(scope: ActorScope<PlayerConfig>) {
    this.#scope = scope
    const { runDir, reader } = scope.config
    this.#reader = openLogReader(runDir, reader)
    this.#pictures = new Pictures(this.#reader, runDir)
  }

  readonly commands = {
    run: () => this.#run(),
    drain: () => this.#stop(),
    close: () => this.#close(),
  }

  lag(): number {
    return Math.max(0, this.#reader.durable().seq - this.#newest.seq)
  }

  heartbeat(): PlayerHeartbeat {
    const trainerAttached = this.#attached
    return { durable: this.#reader.durable(), newest: this.#newest, trainerAttached }
  }

  #run(): undefined {
    const scope = this.#scope
    this.#player = new BatchPlayer(this.#reader, this.#pictures, {
      ...(scope.sends.includes('player.live') ? { viewers: viewersOf(scope) } : {}),
      durable: scope.sender<DurableNotice>('aggregator.durable', {
        sizeOf: () => 16,
        keyOf: () => 'durable',
      }),
    })
    this.#running = true
    const task =
      scope.config.task === 'replay' ? this.#replay(this.#player) : this.#serve(this.#player)
    void task.catch(scope.fail)
    return undefined
  }

  async #replay(player: BatchPlayer): Promise<void> {
    const { episodes, toSeq = this.#reader.durable().seq } = this.#scope.config
    if (episodes === undefined) {
      await this.#playRange({ fromSeq: 1, toSeq }, (epoch, part) => {
        player.show(epoch, part, 'replay')
      })
    } else await this.#playSelection(player, new Selection(this.#reader, episodes), toSeq)
    if (!this.#running) return
    this.#scope.send({ type: 'ended' })
    this.#scope.note({ replayed: toSeq })
  }

  /** One stretch after the other; the rest of the log is for its followers only. */
  async #playSelection(player: BatchPlayer, selection: Selection, toSeq: number): Promise<void> {
    for (const range of selection.ranges()) {
      await this.#playRange(range, (epoch, part) => {
        player.showSelected(epoch, part, 'replay', selection)
        player.allow(epoch, part.firstSeq + part.count - 1)
      })
    }
    if (this.#running) player.allow(this.#reader.durable().epoch, toSeq)
  }

  async #playRange(range: Range, show: (epoch: number, part: Part) => void): Promise<void> {
    const { clock, config } = this.#scope
    const pacer = new Pacer(config.speed, clock.monotonic())
    for (const batch of this.#reader.batches(range)) {
      for (const part of splitByTime(batch, time => pacer.dueAt(time), SPAN_MILLIS)) {
        const wait = part.due - clock.monotonic()
        if (wait > 0) await pause(this.#scope.clock, wait)
        if (!this.#running) return
        show(batch.epoch, part)
        this.#newest = { epoch: batch.epoch, seq: part.firstSeq + part.count - 1 }
      }
      await clock.turn()
    }
  }

  async #serve(player: BatchPlayer): Promise<void> {
    this.#stopWatching = watchLog(this.#scope.config.runDir)(() => this.#wake())
    // The past is for the aggregator; viewers get what comes from now on, and what was last.
    this.#skipToEnd(player)
    await this.#look()
    // Its trainer may be pausing.
    if (this.#attached) player.recall(newestBatches(this.#reader, this.#newest.seq))
    while (this.#running) {
      if (this.#attached) await this.#follow(player)
      else await this.#playCheckpoint(player)
      await this.#look()
    }
  }

  #skipToEnd(player: BatchPlayer): void {
    this.#newest = this.#reader.durable()
    player.allow(this.#newest.epoch, this.#newest.seq)
  }

  async #look(): Promise<void> {
    const attached = await isHeld(this.#scope.config.runDir)
    if (attached === this.#attached) return
    this.#attached = attached
    this.#scope.send({ type: attached ? 'trainerAttached' : 'trainerLeft' })
  }

  /** Shows what becomes durable, until nothing has been heard for a while. */
  async #follow(player: BatchPlayer): Promise<void> {
    const { clock } = this.#scope
    let heardAt = clock.monotonic()
    while (this.#running && clock.monotonic() - heardAt < LOOK_MILLIS) {
      if (this.#showNew(player)) heardAt = clock.monotonic()
      else await this.#woken(LOOK_MILLIS)
      await this.#scope.clock.turn()
    }
  }

  #showNew(player: BatchPlayer): boolean {
    const before = this.#newest.seq
    for (const batch of this.#reader.batches({ fromSeq: before + 1 })) {
      player.show(batch.epoch, batch, 'live')
      this.#newest = { epoch: batch.epoch, seq: batch.firstSeq + batch.count - 1 }
    }
    return this.#newest.seq > before
  }

  /** The newest finished episodes, side by side as they were recorded, at their own pace. */
  async #playCheckpoint(player: BatchPlayer): Promise<void> {
    this.#skipToEnd(player)
    const { clock } = this.#scope
    const againAt = clock.monotonic() + ROUND_MILLIS_MIN
    const { rows } = listEpisodes(this.#reader, { limit: CHECKPOINT_EPISODES })
    const selection = new Selection(
      this.#reader,
      rows.map(({ episode }) => episode),
    )
    for (const range of rows.length > 0 ? selection.ranges() : []) {
      const pacer = new Pacer(1, clock.monotonic())
      for (const batch of this.#reader.batches(range)) {
        for (const part of splitByTime(batch, time => pacer.dueAt(time), SPAN_MILLIS)) {
          const wait = part.due - clock.monotonic()
          if (wait > 0) await this.#woken(wait)
          if (!this.#running || this.#reader.durable().seq > this.#newest.seq) return
          player.showSelected(batch.epoch, part, 'checkpoint', selection)
        }
      }
    }
    // Episodes that took no time would else be shown without end and keep everybody busy.
    const wait = againAt - clock.monotonic()
    if (wait > 0) await this.#woken(wait)
    else await clock.turn()
  }

  async #stop(): Promise<undefined> {
    this.#running = false
    this.#wake()
    return undefined
  }

  async #close(): Promise<undefined> {
    await this.#stop()
    this.#stopWatching()
    this.#pictures.close()
    await this.#reader.close()
    return undefined
  }

  /** Resolves after `millis`, or earlier when the log has grown. */
  #woken(millis: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = this.#scope.clock.schedule(millis, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}

function viewersOf(scope: ActorScope<PlayerConfig>): PlayerOutlets['viewers'] & {} {
  return {
    live: scope.sender<LiveBatch>('player.live', {
      sizeOf: ({ records, layouts }) =>
        64 + records.byteLength + (layouts?.length ?? 0) * LAYOUT_BYTES,
    }),
    frames: scope.sender<LiveFrame>('player.frames', {
      sizeOf: frame => 128 + frame.pixels.byteLength,
      keyOf: frame => `${frame.agent}/${frame.camera}`,
    }),
  }
}
