import { openLog } from '../../src/store/open-log.ts'
import { contribution, declarations, episodeBegan, frame, metric, step } from './records.ts'

export const BATCHES = 12

/** A log of 12 batches of four events, closed cleanly; snapshots of events 8 and 48. */
export async function makeLog(dir: string): Promise<void> {
  const { writer } = await openLog(dir, { durability: 'sync' })
  await writer.append(contribution([...declarations, episodeBegan(1), metric(0)], 1)).durable
  for (let i = 2; i <= BATCHES; i++) {
    const events = [step(1, i), frame(1, i), metric(i), metric(-i)]
    const snapshot = { name: `at-${i * 4}`, version: 1, position: i * 4, bytes: new Uint8Array(9) }
    const last = i === BATCHES ? [episodeBegan(2)] : []
    await writer.append({
      ...contribution([...events.slice(last.length), ...last], i),
      snapshot,
    }).durable
  }
  await writer.close()
}
