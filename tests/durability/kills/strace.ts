// Faults by strace: at the n-th system call of one kind on the files of one log. Calls are counted
// for each thread by itself; LMDB commits on one thread. Not with --seccomp-bpf: calls of threads
// are then seen and not tampered with.
import { join } from 'node:path'
import { DATA_FILE, LOCK_FILE } from '../../../src/store/lmdb-storage.ts'
import { logDirectory } from '../../../src/store/open-log.ts'

/** What touches the files of a log: LMDB's own, and `write`, which makes room (file-room.ts). */
export type Call = 'pwrite64' | 'writev' | 'fdatasync' | 'write'

/** Arguments of strace that do `fault` to `call` in the log of run directory `dir`. */
export function inject(dir: string, call: Call, fault: string): string[] {
  const files = [DATA_FILE, LOCK_FILE].flatMap(file => ['-P', join(logDirectory(dir), file)])
  const quiet = ['-f', '-qq', '-o', '/dev/null']
  return [...quiet, ...files, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}`]
}
