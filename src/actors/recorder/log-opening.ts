// How a recorder opens its log: with patience where the one before it was waiting for room, and with
// the faults that a test planted.
import { type Clock, pause } from '../../base/clock.ts'
import { RollcastError } from '../../base/errors.ts'
import { limits } from '../../protocol/limits.ts'
import type { OpenLog, OpenOptions, openLog } from '../../store/open-log.ts'
import type { ActorScope } from '../run-actor.ts'
import type { RecorderConfig } from './contract.ts'
import { inFlightBytesMax } from './opening.ts'

/** While the disk is full, room is looked for this often. */
export const LOOK_FOR_ROOM_MILLIS = 250

type Scope = Pick<ActorScope<RecorderConfig>, 'config' | 'restarts' | 'clock'>

/** Throws what keeps the log from being opened; not for want of room, unless `isClosed` says so. */
export async function openPatiently(
  open: typeof openLog,
  { config, restarts, clock }: Scope,
  isClosed: () => boolean,
): Promise<OpenLog> {
  const options = optionsOf(config, restarts, clock)
  for (;;) {
    try {
      return await open(config.runDir, options)
    } catch (error) {
      // The one before was waiting for room when it died.
      if (restarts === 0 || !isFull(error) || isClosed()) throw error
      await pause(clock, LOOK_FOR_ROOM_MILLIS)
    }
  }
}

export const isFull = (error: unknown): boolean =>
  error instanceof RollcastError && error.code === 'DISK_FULL'

function optionsOf(config: RecorderConfig, restarts: number, clock: Clock): OpenOptions {
  const { durability, lockName, freeBytesMin = limits.freeBytesMin } = config
  const placement = config.logPlacement ?? 'thread'
  const ringBytes = config.ring.byteLength
  const faults = { beforeCommit: (ordinal: number) => beforeCommit(config, clock, ordinal) }
  return {
    ...{ clock, durability, placement, check: restarts === 0, lockName, freeBytesMin, faults },
    // Whatever the ring holds may wait for the disk: what was told is never refused here.
    pendingBytesMax: Math.max(limits.pendingBytesMax, 2 * ringBytes),
    inFlightBytesMax: inFlightBytesMax(ringBytes),
  }
}

const never = Number.POSITIVE_INFINITY

function beforeCommit(
  { commitDelayMillis = 0, slowCommits = never, commitFailsAt = never }: RecorderConfig,
  clock: Clock,
  ordinal: number,
): Promise<void> | undefined {
  if (ordinal >= commitFailsAt) throw new Error('EIO: planted fault')
  const isSlow = commitDelayMillis > 0 && ordinal <= slowCommits
  return isSlow ? pause(clock, commitDelayMillis) : undefined
}
