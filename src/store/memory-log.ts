// A log in memory behind the same seam, for tests and simulation: same writer, same reader, other
// storage.
import type { LogReader, LogWriter, OpenReport } from './event-log.ts'
import { StorageReader } from './log-reader.ts'
import { MemoryDisk, MemoryStorage } from './memory-storage.ts'
import { type OpenOptions, openWriter } from './open-log.ts'

export interface MemoryLog {
  readonly writer: LogWriter
  readonly report: OpenReport
  /** Hand it to `openMemoryLog` to open the same log again. */
  readonly disk: MemoryDisk
  reader(): LogReader
}

/** Opens a log on `disk`, a new one by default. There is no lock: a later writer fences this. */
export async function openMemoryLog(
  options: Omit<OpenOptions, 'check'> & { readonly disk?: MemoryDisk } = {},
): Promise<MemoryLog> {
  const disk = options.disk ?? new MemoryDisk()
  const opened = await openWriter(new MemoryStorage(disk), options, async () => {})
  return { ...opened, disk, reader: () => new StorageReader(new MemoryStorage(disk)) }
}
