// D4: the power of a real file system goes. Writers run on ext4 on a device of 64 MiB; the device is
// copied while they are stopped, and the copy is mounted as after a reboot, boot id and all.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { memory } from '../../store/run-directory.ts'
import { type Finding, faultsOf, sum } from './campaign.ts'
import type { DeviceCampaign } from './device.child.ts'

const TIMEOUT_MILLIS = 600_000
const DEVICE = fileURLToPath(new URL('./device.child.ts', import.meta.url))
const NO_SYNC = fileURLToPath(new URL('./no-sync.ts', import.meta.url))
const NAMESPACES = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']

async function cuts(images: number, options: readonly string[] = []): Promise<Finding[]> {
  const folder = mkdtempSync(join(memory, 'rollcast-device-'))
  // A compaction wants more room than this device has.
  const workloads = ['single', 'groups', 'frames', 'folds']
  const campaign: DeviceCampaign = { folder, images, workloads, options }
  const args = [...NAMESPACES, '--mount-proc', process.execPath, DEVICE, JSON.stringify(campaign)]
  const found: Finding[] = []
  try {
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })
    for await (const line of lines) found.push(JSON.parse(line) as Finding)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  expect(found).toHaveLength(images)
  return found
}

describe.skipIf(!requireTool('loop'))('power loss below a file system', () => {
  test(
    'P1 P3 D4 what is on the device is enough: nothing acknowledged is lost',
    async () => {
      const found = await cuts(runs(5, 100))
      figure('D4', {
        images: found.length,
        acknowledgedEvents: sum(found, 'acknowledged'),
        lost: sum(found, 'missing'),
        faults: faultsOf(found).length,
      })
      expect(faultsOf(found)).toEqual([])
      expect(sum(found, 'acknowledged')).toBeGreaterThan(0)
    },
    TIMEOUT_MILLIS,
  )

  test(
    'D4 negative control: with noSync at least half of the devices lack what was acknowledged',
    async () => {
      const found = await cuts(runs(4, 20), ['--import', NO_SYNC])
      const bad = found.filter(({ faults }) => faults.length > 0).length
      figure('D4.control', { images: found.length, bad })
      expect(bad).toBeGreaterThanOrEqual(found.length / 2)
    },
    TIMEOUT_MILLIS,
  )
})
