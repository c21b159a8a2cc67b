// Peers that nobody of ours has written (W2): two Python libraries play the same scenarios. Chromium,
// the third, does so in tests/e2e.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { closeCodes, VIEWER_PROTOCOL } from '../../src/protocol/viewer-protocol.ts'
import { figure } from '../faults/figures.ts'
import { requireTool } from '../faults/tools.ts'
import { useAttackedGateway } from './gateway.ts'

const program = fileURLToPath(new URL('./interop.py', import.meta.url))

/** What each scenario of interop.py finds: a status, a close code, the type of an answer, or that all went well. */
const expected = {
  protocol: VIEWER_PROTOCOL,
  extensions: 0,
  'foreign protocol': 400,
  'foreign path': 400,
  'foreign origin': 403,
  'own origin': null,
  ping: true,
  'ping of 125': true,
  question: 'pong',
  'a hundred questions': true,
  'ten fragments': 'pong',
  '64 fragments': 'pong',
  '65 fragments': 1008,
  largest: 'pong',
  'too large': 1009,
  binary: 'error',
  umlauts: 'pong',
  'no JSON': closeCodes.badMessage,
  'no hello': closeCodes.badProtocol,
  'two hellos': 'error',
  listing: 'episodes',
  close: 1000,
  'close with a reason': 4000,
}

describe('W2 P13 peers of other makers', () => {
  const attacked = useAttackedGateway()

  for (const library of ['websockets', 'autobahn'] as const) {
    test.runIf(requireTool(`python3-${library}`))(`W2 ${library} is understood`, async () => {
      const run = promisify(execFile)
      // Debian's own Python is the one that has Debian's libraries.
      const port = String(attacked().port)
      const { stdout } = await run('/usr/bin/python3', [program, library, port], {
        env: { PYTHONDONTWRITEBYTECODE: '1' },
      })
      const lines = stdout.trim().split('\n')
      const found = lines.map(line => JSON.parse(line) as { scenario: string; found: unknown })
      expect(Object.fromEntries(found.map(one => [one.scenario, one.found]))).toEqual(expected)
      await attacked().expectUnharmed()
      figure(`W2.${library}`, { scenarios: found.length })
    })
  }
})
