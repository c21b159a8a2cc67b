#!/usr/bin/env node
// The `rollcast` program.
import { runCommandLine } from './command-line.ts'

await runCommandLine(process.argv.slice(2))
