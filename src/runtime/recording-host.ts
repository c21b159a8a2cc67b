// The host of a run that is recorded: which actors it starts, and what each of them is told.
import { basename } from 'node:path'
import type { RestartLimits } from '../machines/restart-intensity.ts'
import { HostClient } from './host-client.ts'
import type { CheckedOptions } from './options.ts'
import { pageDirectory, softwareName } from './software.ts'
import { recordingTopology } from './topology.ts'

/** Encoder lag, in events, that is worth a warning. */
const LAG_WARNING = 100_000

/** What only tests ask for. */
export interface TestHooks {
  /** Obey `run.host.crash`. */
  readonly faults: boolean
  /** Every commit takes at least so long. */
  readonly commitDelayMillis?: number
  /** Only the first so many of them: then the disk is well again. */
  readonly slowCommits?: number
  /** The disk fails at this commit, counted from 1, and every one after it. */
  readonly commitFailsAt?: number
  /** Free disk space kept in reserve, in bytes. */
  readonly freeBytesMin?: number
  /** More deaths than promise P11 forgives. */
  readonly restartLimits?: RestartLimits
  /** The fast lane takes no frame while this says so. */
  readonly isLaneStuck?: () => boolean
  /** The old generation of an actor's heap, MB: so little that it is soon full. */
  readonly actorHeapMb?: number
}

/** Memory that the trainer's thread shares with others. */
export interface TrainerMemory {
  readonly ring: SharedArrayBuffer
  readonly cost: SharedArrayBuffer
  /** The ingress's counters. */
  readonly ingress: SharedArrayBuffer
  /** The fast lane; undefined where nobody can watch. */
  readonly lane: SharedArrayBuffer | undefined
}

/** Starts the threads; the host says when everything runs, or what keeps it from that. */
export function startHost(
  options: CheckedOptions,
  hooks: TestHooks,
  trainer: TrainerMemory,
): HostClient {
  const { ring, lane } = trainer
  const reader = { check: false, readOnly: false }
  const videoReader =
    options.encoderPlacement === 'thread' ? reader : { check: true, readOnly: true }
  return new HostClient({
    topology: recordingTopology({
      live: options.live !== undefined,
      encoderPlacement: options.encoderPlacement,
      video: options.video !== undefined,
      logPlacement: options.logPlacement,
      dataset: options.dataset !== undefined,
    }),
    configs: {
      recorder: {
        runDir: options.dir,
        ring,
        lane,
        durability: options.durability,
        logPlacement: options.logPlacement,
        run: {
          id: basename(options.dir),
          name: options.name,
          config: options.config,
          keep: options.keep,
        },
        software: softwareName(),
        commitDelayMillis: hooks.commitDelayMillis,
        slowCommits: hooks.slowCommits,
        commitFailsAt: hooks.commitFailsAt,
        freeBytesMin: hooks.freeBytesMin,
      },
      encoder: {
        runDir: options.dir,
        reader: videoReader,
        lagWarning: LAG_WARNING,
        video: options.video,
      },
      dataset: {
        ...{ runDir: options.dir, reader: videoReader, video: options.video },
        ...options.dataset,
      },
      aggregator: { runDir: options.dir, reader, task: 'record' },
      broadcaster: { runDir: options.dir, reader, pageDir: pageDirectory(), lane, ...options.live },
    },
    trainer,
    runDir: options.dir,
    reader,
    closeMillisMax: options.closeMillisMax,
    faults: hooks.faults,
    restartLimits: hooks.restartLimits,
    actorHeapMb: hooks.actorHeapMb,
  })
}
