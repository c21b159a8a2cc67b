// G5: a meta page that is read while LMDB writes it is half one transaction's and half another's.
import { describe, expect, test } from 'vitest'
import { checkPages } from '../../src/store/check-file.ts'
import { dataFile } from '../../src/store/open-log.ts'
import { PageFile } from '../../src/store/page-file.ts'
import { META_BYTES, readMeta } from '../../src/store/pages.ts'
import { withRunDirectory } from './run-directory.ts'
import { makeLog } from './small-log.ts'

/** Where a meta page says which pages are free; the tree of the tables comes behind. */
const FREE_FROM = 48
const FREE_TO = 96

/** The file of a log; its newer meta page is torn each of the first `times` that it is read. */
async function tornFile(dir: string, times: number): Promise<PageFile> {
  await makeLog(dir)
  const file = PageFile.open(dataFile(dir))!
  const read = file.read.bind(file)
  const metaAt = (offset: number): Buffer => {
    const bytes = Buffer.alloc(META_BYTES)
    read(bytes, offset)
    return bytes
  }
  const { pageSize } = readMeta(metaAt(0)).free
  const isFirstNewer = readMeta(metaAt(0)).transaction > readMeta(metaAt(pageSize)).transaction
  const [newer, older] = isFirstNewer ? [0, pageSize] : [pageSize, 0]
  let torn = 0
  file.read = (into, offset) => {
    const length = read(into, offset)
    if (offset === newer && into.byteLength === META_BYTES && torn++ < times) {
      metaAt(older).copy(into, FREE_FROM, FREE_FROM, FREE_TO)
    }
    return length
  }
  return file
}

describe('G5 a meta page that is torn', () => {
  test(
    'by the read is looked at again',
    withRunDirectory(async dir => {
      const file = await tornFile(dir, 1)
      try {
        expect(() => checkPages(file)).not.toThrow()
      } finally {
        file.close()
      }
    }),
  )

  test(
    'in the file is damage',
    withRunDirectory(async dir => {
      const file = await tornFile(dir, Number.POSITIVE_INFINITY)
      try {
        expect(() => checkPages(file)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }))
      } finally {
        file.close()
      }
    }),
  )
})
