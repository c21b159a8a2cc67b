import { describe, expect, test } from 'vitest'
import { EncodingChoice } from '../../web/encoding-choice.ts'

/** Draws 20 frames a second from `from` on for `seconds`; returns the encodings that were asked for. */
function draw(choice: EncodingChoice, from: number, seconds: number, lagMillis: number): string[] {
  const asked: string[] = []
  for (let now = from; now < from + seconds * 1000; now += 50) {
    if (!choice.note(lagMillis, now)) continue
    const { encoding, quality } = choice.preference
    asked.push(`${encoding} ${quality}`)
  }
  return asked
}

describe('what the page asks frames to come as', () => {
  test('is left to their size as long as they come in time', () => {
    const choice = new EncodingChoice()
    expect(draw(choice, 0, 60, 8)).toEqual([])
    expect(choice.preference).toEqual({ encoding: 'auto', quality: 75, max_fps: 60 })
  })

  test('V11 is less when frames come late for seconds, and more again when all is well', () => {
    const choice = new EncodingChoice()
    expect(draw(choice, 0, 8, 400)).toEqual(['jpeg 75', 'jpeg 50', 'jpeg 25'])
    expect(choice.preference.max_fps).toBeLessThan(30)
    expect(draw(choice, 8_000, 60, 20)).toEqual(['jpeg 50', 'jpeg 75', 'auto 75'])
  })

  test('does not change for a moment`s delay, nor for what is a little late', () => {
    const choice = new EncodingChoice()
    expect(draw(choice, 0, 1, 900)).toEqual([])
    expect(draw(choice, 1_000, 5, 10)).toEqual([])
    expect(draw(choice, 6_000, 30, 120)).toEqual([])
  })

  test('is tried more rarely each time that more was too much', () => {
    const choice = new EncodingChoice()
    draw(choice, 0, 4, 400)
    const waits: number[] = []
    let since = 0
    let level = choice.preference.encoding
    for (let now = 4_000; now < 400_000; now += 50) {
      // More than JPEG is always too much for this link.
      if (!choice.note(choice.preference.encoding === 'auto' ? 400 : 20, now)) continue
      if (choice.preference.encoding === 'auto') waits.push(now - since)
      else since = now
      level = choice.preference.encoding
    }
    expect(['auto', 'jpeg']).toContain(level)
    expect(waits.length).toBeGreaterThan(2)
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(waits.at(-1)! / waits[0]!).toBeGreaterThan(3)
  })

  test('is pixels for a browser that cannot decode pictures, for good', () => {
    const choice = new EncodingChoice()
    expect(choice.noteUndecodable()).toBe(true)
    expect(choice.noteUndecodable()).toBe(false)
    expect(draw(choice, 0, 30, 400)).toEqual([])
    expect(choice.preference.encoding).toBe('raw')
  })
})
