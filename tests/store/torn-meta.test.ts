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
const TRANSACTION = 152

type Tear = (page: Buffer, older: Buffer) => void

/** The file of a log. What is read of its newer meta page is first given to `tear`. */
async function openTorn(dir: string, tear: Tear): Promise<PageFile> {
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
  file.read = (into, offset) => {
    const length = read(into, offset)
    if (offset === newer && into.byteLength === META_BYTES) tear(into, metaAt(older))
    return length
  }
  return file
}

/** Its list of free pages is that of the transaction before. */
const mixed: Tear = (page, older) => void older.copy(page, FREE_FROM, FREE_FROM, FREE_TO)

/** The first time only. */
function once(tear: Tear): Tear {
  let times = 0
  return (page, older) => {
    if (times++ === 0) tear(page, older)
  }
}

/** Each time two transactions have come between this page and the other one. */
function hurrying(): Tear {
  let times = 0
  return page => {
    times++
    page.writeUInt32LE(page.readUInt32LE(TRANSACTION) + 2 * times, TRANSACTION)
  }
}

describe('G5 a meta page that is torn', () => {
  const expectOf = (tear: () => Tear, body: (file: PageFile) => void) =>
    withRunDirectory(async dir => {
      const file = await openTorn(dir, tear())
      try {
        body(file)
      } finally {
        file.close()
      }
    })
  const isWhole = (file: PageFile): void => expect(() => checkPages(file)).not.toThrow()

  test(
    'by the read is looked at again',
    expectOf(() => once(mixed), isWhole),
  )

  test('of a writer that is faster than we are is no damage', expectOf(hurrying, isWhole))

  test(
    'in the file is damage',
    expectOf(
      () => mixed,
      file => {
        expect(() => checkPages(file)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }))
      },
    ),
  )
})
