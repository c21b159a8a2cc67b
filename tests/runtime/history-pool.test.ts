import { expect, test } from 'vitest'
import { HistoryPool } from '../../src/runtime/history-pool.ts'
import { openLog } from '../../src/store/open-log.ts'
import { tempDir } from './harness.ts'

test('P9 a thread that loads LMDB is not ended: closing waits for what was asked', async () => {
  const dir = tempDir()
  const { writer } = await openLog(dir)
  await writer.close()
  const page = { kind: 'episodes', before: null, after: null, limit: 5, where: null } as const
  for (let round = 0; round < 3; round++) {
    const pool = new HistoryPool(dir, {})
    const asked = [1, 2, 3].map(id => pool.answer({ id, ...page }))
    await pool.close()
    const none = { kind: 'episodes', rows: [], next: null }
    expect(await Promise.all(asked)).toMatchObject([none, none, none])
    expect(await pool.answer({ id: 4, ...page })).toMatchObject({ kind: 'failed', code: 'CLOSED' })
  }
})
