// The town's pixel art: each sprite is drawn below in rows of letters, one letter a pixel, and
// compiled once. `.` is see-through; the letters are the keys of `palette`.
import { assert } from '../../src/base/assert.ts'
import type { Rgb, Sprite } from '../drawing/canvas.ts'
import type { MeterName, PlaceName } from './world.ts'

export const palette = {
  k: [43, 43, 58],
  d: [91, 98, 112],
  g: [158, 167, 181],
  w: [255, 255, 255],
  m: [255, 244, 214],
  r: [229, 72, 77],
  o: [240, 138, 60],
  y: [255, 206, 58],
  b: [122, 78, 52],
  t: [217, 160, 102],
  n: [52, 140, 76],
  l: [126, 208, 103],
  c: [62, 182, 236],
  u: [63, 111, 217],
  p: [242, 121, 178],
  v: [150, 104, 224],
  s: [250, 208, 168],
  e: [196, 222, 196],
} as const satisfies Record<string, Rgb>

type Colour = keyof typeof palette

/** Compiles rows of letters; `*` is drawn in `accent`. Asserts that the rows are equally long. */
export function compileSprite(rows: readonly string[], accent: Rgb = palette.w): Sprite {
  const width = rows[0]!.length
  const rgb = new Uint8Array(width * rows.length * 3)
  const opaque = new Uint8Array(width * rows.length)
  rows.forEach((row, y) => {
    assert(row.length === width, `row ${y} has ${row.length} letters, expected ${width}`)
    for (let x = 0; x < width; x++) {
      const letter = row[x]!
      if (letter === '.') continue
      const colour = letter === '*' ? accent : palette[letter as Colour]
      assert(colour, `'${letter}' is not in the palette`)
      opaque[y * width + x] = 1
      rgb.set(colour, (y * width + x) * 3)
    }
  })
  return { width, height: rows.length, rgb, opaque }
}

/** The colour that stands for a meter wherever it is shown. */
export const meterColours: Readonly<Record<MeterName, Rgb>> = {
  energy: palette.y,
  satiation: palette.o,
  hygiene: palette.c,
  money: palette.l,
  mood: palette.p,
  social: palette.v,
  fitness: palette.u,
  health: palette.r,
}

/** 8x8 each. */
export const placeArt: Readonly<Record<PlaceName, readonly string[]>> = {
  bed: [
    '........',
    'b.......',
    'bwww....',
    'bwwwuuuu',
    'bggguuuu',
    'bbbbbbbb',
    'b......b',
    '........',
  ],
  kitchen: [
    '..tttt..',
    '.tmttmt.',
    'tttmtttt',
    'lnlllnll',
    'rryrryrr',
    'bbbbbbbb',
    'tttttttt',
    '.tttttt.',
  ],
  shower: [
    '..ddd...',
    '.d...d..',
    '.d..ddd.',
    '.d.ddddd',
    '.d..c.c.',
    '.d.c.c.c',
    '.d..c.c.',
    'ddd.....',
  ],
  office: [
    '..bbbb..',
    '..b..b..',
    'tttttttt',
    'tbbbbbbt',
    'bbbyybbb',
    'tbbyybbt',
    'tttttttt',
    '........',
  ],
  park: [
    '..nnnn..',
    '.nlnnnn.',
    'nllnnpnn',
    'nnnpnnln',
    '.npnnnn.',
    '...bb...',
    '...bb...',
    '..bbbb..',
  ],
  cafe: [
    '...g.g..',
    '..g.g...',
    '...g.g..',
    'bbbbbb..',
    'btttttbb',
    'bttttt.b',
    'btttttbb',
    '.bbbbb..',
  ],
  gym: [
    '........',
    '.kk..kk.',
    '.kd..kd.',
    'kkdggkkd',
    'kkdddkkd',
    '.kd..kd.',
    '.kd..kd.',
    '........',
  ],
  clinic: [
    '........',
    '...rr...',
    '...rr...',
    '.rrrrrr.',
    '.rrrrrr.',
    '...rr...',
    '...rr...',
    '........',
  ],
}

/** 7x7 each. */
export const meterArt: Readonly<Record<MeterName, readonly string[]>> = {
  energy: ['...yyy.', '..yyy..', '.yyy...', '.yyyyy.', '...yy..', '..yy...', '..y....'],
  satiation: ['....n..', '...n...', '.oo.oo.', 'owooooo', 'ooooooo', '.ooooo.', '..o.o..'],
  hygiene: ['...c...', '...c...', '..ccc..', '.ccccc.', '.cwccc.', '.ccwcc.', '..ccc..'],
  money: ['.......', 'nnnnnnn', 'nllwlln', 'nlwwwln', 'nllwlln', 'nnnnnnn', '.......'],
  mood: ['..ppp..', '.ppppp.', 'ppkpkpp', 'ppppppp', 'pkpppkp', '.pkkkp.', '..ppp..'],
  social: ['.vvvvv.', 'vvvvvvv', 'vwvwvwv', 'vvvvvvv', '.vvvvv.', '..vv...', '..v....'],
  fitness: ['.......', 'uu...uu', 'uu...uu', 'uuuuuuu', 'uu...uu', 'uu...uu', '.......'],
  health: ['.rr.rr.', 'rwrrrrr', 'rwrrrrr', 'rrrrrrr', '.rrrrr.', '..rrr..', '...r...'],
}

/** 8x10 each; the shirt (`*`) takes the colour of the most urgent need. */
export const agentArt = {
  content: [
    '..kkkk..',
    '.kbbbbk.',
    'kbbbbbbk',
    'kbsssbsk',
    'ksksskpk',
    'kpsrrssk',
    '.kssssk.',
    'k******k',
    'ks****sk',
    '.kk..kk.',
  ],
  worried: [
    '..kkkk..',
    '.kbbbbk.',
    'kbbbbbbk',
    'kbsssbsk',
    'ksksskck',
    'kssssssk',
    '.kskksk.',
    'k******k',
    'ks****sk',
    '.kk..kk.',
  ],
  desperate: [
    '..kkkk..',
    '.kbbbbk.',
    'kbbbbbbk',
    'kbeeebek',
    'kwkewkek',
    'kceeeeck',
    '.kerrek.',
    'e******e',
    'k.****.k',
    '.kk..kk.',
  ],
  dead: [
    '..kkkk..',
    '.kggggk.',
    'kgggwggk',
    'kggkkggk',
    'kgkkkkgk',
    'kggkkggk',
    'kggkkggk',
    'kgggggdk',
    'kggggddk',
    'nlnnlnnl',
  ],
} as const

/** 9x9: room for a meter's sprite; the rim (`*`) darkens when it is urgent. */
export const bubbleArt = [
  '..*****..',
  '.*wwwww*.',
  '*wwwwwww*',
  '*wwwwwww*',
  '*wwwwwww*',
  '*wwwwwww*',
  '*wwwwwww*',
  '.*wwwww*.',
  '..*****..',
] as const
