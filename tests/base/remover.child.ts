// Removes a directory whenever it is there, until it is killed. argv: DIR.
import { rmdirSync, writeSync } from 'node:fs'

const [, , dir = ''] = process.argv
writeSync(1, 'removing\n')
for (;;) {
  try {
    rmdirSync(dir)
  } catch {
    // It is not there.
  }
}
