// What a process holds of the machine's memory. Its own is what is anonymous or shared (heaps,
// rings). Pages of the log that LMDB has mapped count apart: they are the kernel's cache of a file,
// and go when somebody needs room.
import { readFileSync } from 'node:fs'
import { medianOf } from './statistics.ts'

/** MiB. */
export interface ProcessMemory {
  readonly own: number
  readonly mapped: number
}

/** Undefined when the process has just ended. */
export function readMemory(pid: number): ProcessMemory | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const mib = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024
    const own = mib('RssAnon') + mib('RssShmem')
    return own === 0 ? undefined : { own, mapped: mib('RssFile') }
  } catch {
    return undefined
  }
}

/**
 * How much more of its own a process held at the end of a recording than after a third of it, when
 * what is only used again (the ring, mostly) has been taken; MiB, medians of a tenth of the samples.
 */
export function memoryGrowth(samples: readonly ProcessMemory[]): number {
  const third = Math.floor(samples.length / 3)
  const window = Math.max(1, Math.floor(samples.length / 10))
  const held = (of: readonly ProcessMemory[]): number => medianOf(of.map(({ own }) => own))
  return held(samples.slice(-window)) - held(samples.slice(third, third + window))
}
