// X5: the disk of an export in lines of JSON has no room for all of it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KIB, MIB } from '../../../src/base/bytes.ts'
import { recordWorkspace, type Workspace } from '../../cli/recorded-run.ts'
import { rollcast } from '../../cli/rollcast.ts'
import { requireTool } from '../../faults/tools.ts'
import { makeSmallDisk } from './small-disk.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await recordWorkspace()
})
afterAll(() => workspace.remove())

describe.skipIf(!requireTool('root'))('export jsonl on a disk without room', () => {
  // Of the last chunk a page or more still fits.
  test.each([0, 4, 40, 100])('X5 P9 after %i KiB leaves the file that was there', async kib => {
    const disk = makeSmallDisk(MIB)
    onTestFinished(() => disk.remove())
    const folder = join(disk.path, 'out')
    mkdirSync(folder)
    const file = join(folder, 'episodes.jsonl')
    writeFileSync(file, 'older')
    disk.fill(kib * KIB)
    const end = await rollcast('export', 'jsonl', workspace.run, '-o', file)
    expect(end).toMatchObject({ code: 73, stdout: '' })
    expect(end.stderr).toMatch(/DISK_FULL|no space left/i)
    expect(readFileSync(file, 'utf8')).toBe('older')
    expect(readdirSync(folder)).toEqual(['episodes.jsonl'])
    disk.empty()
    expect(await rollcast('export', 'jsonl', workspace.run, '-o', file)).toMatchObject({ code: 0 })
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    expect(existsSync(`${file}.part`)).toBe(false)
  })
})
