// An ext4 file system in a file, to be shut down while it is used, as the kernel does to one whose
// disk has failed: what has not been flushed is gone, and every call that writes is EIO.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { until } from '../../runtime/harness.ts'

// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
const SHUTDOWN = `
#include <fcntl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
int main(int argc, char **argv) {
  __u32 flags = 2;
  return ioctl(open(argv[1], O_RDONLY), _IOR('X', 125, __u32), &flags);
}
`

const REPAIR_MILLIS_MAX = 600_000

export interface FileSystem {
  /** Where it is mounted. */
  readonly path: string
  /** From here on all writes fail; what was not flushed is lost. */
  shutDown(): void
  /** Mounts it again, as after a new start of the machine. */
  repair(): Promise<unknown>
}

function isWell(path: string): boolean {
  try {
    utimesSync(path, 0, 0)
    return true
  } catch {
    return false
  }
}

/** A file system that is gone when the test ends. Needs root, loop devices and gcc. */
export function makeFileSystem(bytes = 256 * MIB): FileSystem {
  const root = mkdtempSync(join(tmpdir(), 'rollcast-fs-'))
  const image = join(root, 'image')
  const path = join(root, 'mnt')
  const program = join(root, 'shutdown')
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim()
  const ends: (() => void)[] = [() => rmSync(root, { recursive: true, force: true })]
  onTestFinished(() => {
    for (const end of ends.toReversed()) end()
  })
  writeFileSync(`${program}.c`, SHUTDOWN)
  run('gcc', '-o', program, `${program}.c`)
  writeFileSync(image, '')
  truncateSync(image, bytes)
  run('mkfs.ext4', '-q', '-F', image)
  // One device for all mounts: another one would not see what this one has yet to write back.
  const device = run('losetup', '--find', '--show', image)
  ends.push(() => run('losetup', '--detach', device))
  mkdirSync(path)
  run('mount', device, path)
  ends.push(() => run('umount', path))
  return {
    path,
    shutDown: () => void run(program, path),
    // A mount namespace that was made meanwhile, for block-device.test.ts, has a copy of the mount: the
    // dead file system lives until that is gone too.
    repair: () =>
      until(
        'the file system to be well again',
        () => {
          run('umount', path)
          run('mount', device, path)
          return isWell(path)
        },
        REPAIR_MILLIS_MAX,
      ),
  }
}
