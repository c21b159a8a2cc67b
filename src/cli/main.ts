#!/usr/bin/env node
// The `rollcast` program. What it loads is kept compiled where Node keeps such things, for its threads
// too, so that from the second time on it starts in half the time.
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')
enableCompileCache()
const { runCommandLine } = await import('./command-line.ts')

await runCommandLine(process.argv.slice(2))
