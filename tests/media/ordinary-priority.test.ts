import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { withRunDirectory } from '../store/run-directory.ts'
import type { PriorityReport } from './ordinary-priority.child.ts'

const child = fileURLToPath(new URL('./ordinary-priority.child.ts', import.meta.url))

test(
  'V12 no thread of an AV1 encoder has real-time priority, whoever runs it',
  withRunDirectory(async dir => {
    const { stdout, stderr } = spawnSync(process.execPath, [child, `${dir}/a.mp4`], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    const { without, before, after, threads, policies } = JSON.parse(stdout) as PriorityReport
    expect(policies).toEqual([0])
    expect(threads).toBeGreaterThan(20)
    // Without the package it is said that the right is still there.
    const isRoot = process.geteuid?.() === 0
    expect(without).toBe(!(isRoot && before))
    expect(after).toBe(before && !isRoot)
  }),
)
