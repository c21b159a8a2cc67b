// The control: LMDB as it is, with nothing allocated ahead and nobody who looks at the space.
import { writeSync } from 'node:fs'
import { open } from 'lmdb'

const [, , dir = ''] = process.argv
const say = (line: string): void => void writeSync(1, `${line}\n`)
const root = open<Buffer, number>({
  path: dir,
  noSubdir: false,
  encoding: 'binary',
  keyEncoding: 'uint32',
  mapSize: 2 ** 30,
  overlappingSync: false,
  commitDelay: 0,
})
const value = Buffer.alloc(1_000)
try {
  for (let key = 0; ; key += 8) {
    const puts = Array.from({ length: 1 + (process.pid % 8) }, (_, i) => root.put(key + i, value))
    await Promise.all(puts)
  }
} catch (error) {
  const reason = (error as { commitError?: Promise<never> }).commitError
  const cause = await reason?.catch((inner: unknown) => inner)
  say(`failed LMDB ${String(cause ?? error).replaceAll('\n', ' ')}`)
}
const blocks = Array.from({ length: 2_000 }, (_, i) => Buffer.allocUnsafeSlow(64 + (i % 512)))
await new Promise(resolve => setTimeout(resolve, 20))
say(blocks.length === 2_000 ? 'alive' : '')
process.exit(0)
