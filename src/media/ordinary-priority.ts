// SVT-AV1 (3.1.2) of a process of root's gives the thread that opens it, and all 34 that it starts,
// the highest real-time priority: they go before all else on the machine, the trainer included. It
// looks at the user's number alone, cannot be told otherwise, and ignores a refusal. So a thread
// that opens encoders gives up the right to that first (capabilities(7): each thread has its own,
// and those that it starts have no more).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Koffi from 'koffi'

/** CAP_SYS_NICE of linux/capability.h: a bit of the first word of each set. */
const RIGHT = 1 << 23
/** _LINUX_CAPABILITY_VERSION_3: sets of two words. */
const VERSION = 0x20080522
/** The system calls capget and capset. */
const calls: Readonly<Record<string, readonly [get: number, set: number]>> = {
  x64: [125, 126],
  arm64: [90, 91],
}

/**
 * Gives up the right to real-time priority, for this thread and those that it starts. False when it
 * still has it: the optional package koffi, which makes the system call, is not there, or the
 * processor is one that nobody has tried this on. `require` is what finds packages.
 */
export function giveUpRealTime(
  require: (name: string) => unknown = createRequire(import.meta.url),
): boolean {
  if (!hasRight()) return true
  const numbers = calls[process.arch]
  if (numbers === undefined) return false
  try {
    dropRight(require('koffi') as typeof Koffi, numbers)
  } catch {
    return false
  }
  return !hasRight()
}

function hasRight(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false
  const [, effective = '0'] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8')) ?? []
  return (BigInt(`0x${effective}`) & BigInt(RIGHT)) !== 0n
}

function dropRight(koffi: typeof Koffi, [get, set]: readonly [number, number]): void {
  // glibc and musl have `syscall`; the program has it from one of them.
  const syscall = koffi.load(null).func('long syscall(long number, ...)')
  const header = Uint32Array.of(VERSION, 0)
  const sets = new Uint32Array(6)
  if (syscall(get, 'void *', header, 'void *', sets) !== 0) return
  sets[0]! &= ~RIGHT
  syscall(set, 'void *', header, 'void *', sets)
}
