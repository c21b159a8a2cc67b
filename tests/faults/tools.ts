// What campaigns need of the machine. A campaign whose tool is missing is skipped, loudly; where CI
// is set it fails instead, so that no promise goes unproved without anybody noticing.
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pythonLibraries } from '../setup/packages.ts'

/** `root`: may mount and change owner. `loop`: root, with loop devices and ext4. */
export type Tool = 'strace' | 'gcc' | 'faketime' | 'ffprobe' | 'root' | 'loop' | PythonLibrary
type PythonLibrary = keyof typeof pythonLibraries

function inPath(program: string): boolean {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return places.some(place => {
    try {
      accessSync(join(place, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function has(tool: Tool): boolean {
  const root = process.getuid?.() === 0
  if (tool === 'root') return root
  if (tool in pythonLibraries) return existsSync(pythonLibraries[tool as PythonLibrary])
  if (tool === 'loop') return root && existsSync('/dev/loop-control') && inPath('mkfs.ext4')
  return inPath(tool)
}

/** True when `tool` is there. False, with a line on stderr, when it is not; throws in CI. */
export function requireTool(tool: Tool): boolean {
  if (has(tool)) return true
  const line = `NOT TESTED HERE: this machine lacks ${tool}, which the campaigns below it need`
  if (process.env['CI']) throw new Error(line)
  console.error(`\n!!! ${line}\n`)
  return false
}
