// Where files can be made fast that need no disk below them.
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'

export const memoryDirectory = (): string => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
