import { StorageReader } from '../../src/store/log-reader.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { describeEventLog } from './event-log.contract.ts'

describeEventLog('memory', body => () => {
  const disk = new MemoryDisk()
  return body({
    open: options => openMemoryLog({ ...options, disk }),
    reader: () => new StorageReader(new MemoryStorage(disk)),
    async supersede() {
      disk.epoch++
    },
  })
})
