import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Progress } from '../../src/cli/progress.ts'

function stage(terminal: boolean) {
  const said: string[] = []
  const rewritten: string[] = []
  const clock = new SimulatedClock()
  const output = {
    terminal,
    say: (line: string) => void said.push(line),
    rewrite: (line: string) => void rewritten.push(line),
  }
  return { said, rewritten, clock, progress: new Progress(output, clock) }
}

describe('progress', () => {
  test('on a terminal is one line, rewritten ten times a second at most and taken away', () => {
    const { said, rewritten, clock, progress } = stage(true)
    for (let i = 0; i <= 300; i++) {
      progress.update(i / 300, `event ${i}`)
      clock.advance(1)
    }
    progress.end()
    expect(said).toEqual([])
    expect(rewritten).toEqual([
      `${'░'.repeat(24)}   0% event 0`,
      `${'█'.repeat(8)}${'░'.repeat(16)}  33% event 100`,
      `${'█'.repeat(16)}${'░'.repeat(8)}  66% event 200`,
      `${'█'.repeat(24)} 100% event 300`,
      '',
    ])
  })

  test('in a pipe is a plain line every ten seconds', () => {
    const { said, rewritten, clock, progress } = stage(false)
    for (let second = 0; second <= 25; second++) {
      progress.update(second / 25, `second ${second}`)
      clock.advance(1000)
    }
    progress.end()
    expect(said).toEqual(['second 10', 'second 20'])
    expect(rewritten).toEqual([])
  })
})
