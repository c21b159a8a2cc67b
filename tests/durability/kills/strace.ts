// Faults by strace: at the n-th system call of one kind on the files of one log. Calls are counted
// for each thread by itself; LMDB commits on one thread. Not with --seccomp-bpf: calls of threads
// are then seen and not tampered with.
import { join } from 'node:path'
import { logDirectory } from '../../../src/store/open-log.ts'
import { DATA_FILE, LOCK_FILE } from '../../../src/store/place.ts'

/** What touches the files of a log that is there: LMDB's own, and `write`, which makes room. */
export type FileCall = 'pwrite64' | 'writev' | 'fdatasync' | 'write'
/** What makes a new log: LMDB in a directory aside, then putting the file into its place. */
export type MakingCall = 'pwrite64' | 'writev' | 'fsync' | 'link' | 'unlinkat' | 'rmdir'

/** A system call of a writer, counted from 1. */
export type Point =
  | { readonly making: false; readonly call: FileCall; readonly n: number }
  | { readonly making: true; readonly call: MakingCall; readonly n: number }

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/** The first `count` calls on a log that is there. */
export const callsOn = (call: FileCall, count: number): Point[] =>
  upTo(count).map(n => ({ making: false, call, n }))

/** The first `count` calls that make a log. */
export const callsMaking = (call: MakingCall, count: number): Point[] =>
  upTo(count).map(n => ({ making: true, call, n }))

export const nameOf = ({ call, n, making }: Point): string =>
  `${call} ${n}${making ? ' of a new log' : ''}`

/** `count` of all, spread evenly. */
export const some = <T>(all: readonly T[], count: number): T[] =>
  upTo(count).map(index => all[Math.floor(((index - 1) * all.length) / count)]!)

/** Arguments of strace that do `fault` at `point` in the log of run directory `dir`. */
export function inject(dir: string, point: Point, fault: string, when = String(point.n)): string[] {
  const { call, making } = point
  const files = [DATA_FILE, LOCK_FILE].flatMap(file => ['-P', join(logDirectory(dir), file)])
  const quiet = ['-f', '-qq', '-o', '/dev/null', ...(making ? [] : files)]
  return [...quiet, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
}
