import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { contentVectors } from './content-vectors.ts'
import { frameVectors } from './frame-vectors.ts'
import { AttackedGateway, useAttackedGateway } from './gateway.ts'
import { frame, inParallel, opcodes, Peer } from './peer.ts'
import type { Vector } from './vector.ts'

/** What came back, in the words of the table. */
async function play(port: number, { sent, pongs, replies }: Vector): Promise<Partial<Vector>> {
  const peer = await Peer.connect(port)
  const before = peer.pongs.length
  await peer.exchange(sent)
  const heard = peer.pongs.slice(before, peer.isOpen ? -1 : undefined)
  const code = peer.closeCode
  if (!peer.isOpen) await peer.until(() => false)
  const said = peer.said('pong', 'error').map(({ type }) => type)
  await peer.end()
  return {
    ...(code !== null && { closes: code }),
    ...(pongs && { pongs: heard }),
    ...(replies && { replies: said }),
  }
}

const vectors = [...frameVectors, ...contentVectors]

describe('W1 P13 frames by RFC 6455', () => {
  const attacked = useAttackedGateway()

  test('W1 each vector is answered, or closed with the code that the RFC says', async () => {
    expect(vectors.length).toBeGreaterThanOrEqual(150)
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
    const wrong: unknown[] = []
    await inParallel(vectors, 16, async vector => {
      const { name, sent: _, ...expected } = vector
      const found = await play(attacked().port, vector)
      if (JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected))) return
      wrong.push({ name, expected, found })
    })
    expect(wrong).toEqual([])
    await attacked().expectUnharmed()
    figure('W1', { vectors: vectors.length })
  })

  test('W1 a server that dies of a bad frame is noticed', async () => {
    const plants = [
      {
        file: 'src/gateway/viewer.ts',
        find: "socket.on('error', () => {})",
        replace: "socket.on('error', error => { throw error })",
      },
    ]
    const fragile = await AttackedGateway.start({ plants })
    const peer = await Peer.connect(fragile.port)
    await peer.write(frame(opcodes.text, '{}', { isMasked: false }))
    await peer.until(() => false)
    await expect(fragile.expectUnharmed()).rejects.toThrow()
    await fragile.stop()
  })
})

const sorted = (value: object): object =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
