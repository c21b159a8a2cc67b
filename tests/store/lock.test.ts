import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { askHolder, takeLock } from '../../src/store/lock.ts'
import { openLog } from '../../src/store/open-log.ts'
import { lockLog } from '../../src/store/run-lock.ts'
import { withRunDirectory } from './run-directory.ts'

function socketName(dir: string): string {
  const hash = createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)
  return `\0rollcast/${hash}`
}

/** Connected to the lock of `dir`; it says nothing, reads nothing and never hangs up. */
async function silentPeer(dir: string): Promise<Socket> {
  const socket = connect({ path: socketName(dir), allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return socket
}

describe('the lock of a log', () => {
  test(
    'P5 a second taker is refused at once, with the pid of the holder, by any path',
    withRunDirectory(async dir => {
      const lock = await takeLock(dir, 5)
      symlinkSync(dir, join(dir, 'alias'))
      const refused = expect.objectContaining({
        code: 'LOG_LOCKED',
        temporary: true,
        message: expect.stringContaining(`process ${process.pid}`),
      })
      await expect(takeLock(dir, 6)).rejects.toEqual(refused)
      await expect(takeLock(join(dir, 'alias'), 6)).rejects.toEqual(refused)
      await lock.release()
      const next = await takeLock(dir, 7)
      await next.release()
    }),
  )

  test(
    'whoever asks is told who holds it, with what was added later',
    withRunDirectory(async dir => {
      expect(await askHolder(dir)).toBeUndefined()
      expect(await askHolder(join(dir, 'missing'))).toBeUndefined()
      const lock = await takeLock(dir, 5)
      expect(await askHolder(dir)).toEqual({ pid: process.pid, startedAt: 5, dir })
      lock.update({ url: 'http://127.0.0.1:7788/' })
      await expect.poll(() => askHolder(dir)).toMatchObject({ url: 'http://127.0.0.1:7788/' })
      await lock.release()
      expect(await askHolder(dir)).toBeUndefined()
    }),
  )

  test(
    'P5 a process whose writers come and go holds it for them all, until it is displaced',
    withRunDirectory(async dir => {
      const run = join(dir, 'run')
      const lock = await lockLog(run)
      for (const epoch of [1, 2]) {
        const { writer } = await openLog(run, { lockName: lock.name, check: epoch === 1 })
        expect(writer.epoch).toBe(epoch)
        await writer.close()
        await expect(takeLock(run, 1)).rejects.toMatchObject({ code: 'LOG_LOCKED' })
      }
      // What `rollcast log takeover` leaves behind.
      writeFileSync(join(run, 'log', 'takeovers'), '1\n')
      const late = openLog(run, { lockName: lock.name, check: false })
      await expect(late).rejects.toMatchObject({ code: 'LOG_LOCKED' })
      await lock.release()
    }),
  )

  test(
    'locks of different directories do not meet',
    withRunDirectory(async dir => {
      const other = join(dir, 'other')
      mkdirSync(other)
      const locks = [await takeLock(dir, 1), await takeLock(other, 1)]
      await Promise.all(locks.map(lock => lock.release()))
    }),
  )

  test(
    'P5 a holder that does not answer still refuses',
    withRunDirectory(async dir => {
      const silent = createServer()
      await new Promise<void>(resolve => silent.listen(socketName(dir), resolve))
      await expect(takeLock(dir, 1)).rejects.toMatchObject({ code: 'LOG_LOCKED' })
      silent.close()
    }),
  )

  test(
    'a peer that hangs up at once disturbs nobody',
    withRunDirectory(async dir => {
      const lock = await takeLock(dir, 1)
      for (let i = 0; i < 20; i++) {
        const socket = connect(socketName(dir))
        socket.on('error', () => {})
        socket.destroy()
      }
      await expect.poll(() => askHolder(dir)).toMatchObject({ pid: process.pid })
      await lock.release()
    }),
  )

  test(
    'P13 a peer that stays connected and says nothing does not keep a writer from closing',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      const peer = await silentPeer(dir)
      await expect.poll(() => askHolder(dir)).toMatchObject({ pid: process.pid })
      await writer.close()
      const next = await takeLock(dir, 2)
      await next.release()
      peer.destroy()
    }),
  )

  test(
    'P13 nor does one that does not read what it is told; the name is free at once',
    withRunDirectory(async dir => {
      const lock = await takeLock(dir, 1)
      // More than the kernel keeps for a peer: it is not told before it reads.
      lock.update({ filler: 'x'.repeat(4 * MIB) })
      const peers = await Promise.all([silentPeer(dir), silentPeer(dir)])
      // Answered after them, so they are being told too.
      await askHolder(dir)
      await lock.release()
      const next = await takeLock(dir, 2)
      await next.release()
      for (const peer of peers) peer.destroy()
    }),
  )
})
