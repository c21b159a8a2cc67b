// A writer in a process of its own, to be killed. Tells its parent, line by line, what was
// acknowledged: `open <epoch>`, then `ack <seq>`; or `error <code> <message>` and exit code 1.

import { RollcastError } from '../../src/base/errors.ts'
import { openLog } from '../../src/store/open-log.ts'
import { contribution, declarations, frame, step } from './records.ts'

const [, , dir, mode] = process.argv
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

try {
  if (mode === 'unprivileged') {
    process.setgid!(65_534)
    process.setuid!(65_534)
  }
  const { writer, report } = await openLog(dir!, {
    durability: mode === 'relaxed' || mode === 'sync' ? mode : 'group',
  })
  say(`open ${report.epoch}`)
  writer.onDurable(position => say(`ack ${position.seq}`))
  let position = report.positions['trainer:test'] ?? 0
  writer.append(contribution(declarations, ++position))
  for (let index = 0; ; index++) {
    writer.append(contribution([step(1, index), frame(1, index), step(2, index)], ++position))
    if (index % 5 === 0) await new Promise(resolve => setTimeout(resolve, 1))
  }
} catch (error) {
  const code = error instanceof RollcastError ? error.code : 'OTHER'
  say(`error ${code} ${String(error)}`)
  process.exit(1)
}
