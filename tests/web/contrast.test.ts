// The colours of the page, as tokens.css has them: readable in both themes, and told apart with any
// colour vision.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const css = readFileSync(new URL('../../web/styles/tokens.css', import.meta.url), 'utf8')

/** The custom properties of the block that begins with `head`. */
function tokensOf(head: string): Map<string, string> {
  const from = css.indexOf(`${head} {`)
  expect(from).toBeGreaterThanOrEqual(0)
  const block = css.slice(from, css.indexOf('}', from))
  return new Map(
    [...block.matchAll(/(--[\w-]+): (#[0-9a-f]{3,6});/g)].map(match => [match[1]!, match[2]!]),
  )
}

const themes = { dark: tokensOf('\n:root'), light: tokensOf(':root[data-theme="light"]') }
const preferred = tokensOf('  :root:not([data-theme="dark"])')

type Rgb = readonly [number, number, number]

function rgbOf(hex: string): Rgb {
  const digits = hex.slice(1)
  const wide = digits.length === 3 ? [...digits].map(digit => digit + digit).join('') : digits
  const channel = (at: number): number => Number.parseInt(wide.slice(at, at + 2), 16) / 255
  return [channel(0), channel(2), channel(4)]
}

const linear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

/** Relative luminance, as WCAG 2 has it. */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map(linear) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(rgbOf(one)), luminance(rgbOf(other))]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** Linear RGB as eyes without one kind of cone see it (Vienot, Brettel and Mollon, 1999). */
const visions = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
} as const

function seen(hex: string, vision: keyof typeof visions): number[] {
  const rgb = rgbOf(hex).map(linear)
  return visions[vision].map(row =>
    row.reduce<number>((sum, factor, at) => sum + factor * rgb[at]!, 0),
  )
}

describe.each(Object.entries(themes))('U8 S23 the %s theme', (_name, tokens) => {
  const colour = (token: string): string => tokens.get(token) ?? '#000'

  test('has text that can be read on every ground', () => {
    for (const ground of ['--ground', '--panel', '--raised', '--stage']) {
      for (const text of [
        '--ink',
        '--soft',
        '--quiet',
        '--bad',
        '--good',
        '--accent',
        '--second',
      ]) {
        const ratio = contrast(colour(text), colour(ground))
        expect([text, ground, ratio >= 4.5, ratio]).toEqual([text, ground, true, ratio])
      }
    }
  })

  test('has a mark of focus and curves that stand out from what they lie on', () => {
    for (const mark of ['--focus', '--live', '--accent', '--second']) {
      expect(contrast(colour(mark), colour('--panel'))).toBeGreaterThanOrEqual(3)
    }
    expect(contrast(colour('--ground'), colour('--accent'))).toBeGreaterThanOrEqual(4.5)
  })

  test('has two colours of meaning that any eye tells apart', () => {
    for (const vision of ['normal', 'protanopia', 'deuteranopia'] as const) {
      const [a, b] = [seen(colour('--accent'), vision), seen(colour('--second'), vision)]
      const distance = Math.hypot(...a.map((value, at) => value - b[at]!))
      expect([vision, distance > 0.3, distance]).toEqual([vision, true, distance])
    }
  })
})

test('the theme that the system prefers is the same light theme', () => {
  expect([...preferred]).toEqual([...themes.light])
})
