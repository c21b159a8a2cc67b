// How many columns a grid of pictures has, so that they are as large as the view lets them be.

/** What a tile takes at least, pixels; in a narrow view two are side by side (web/styles/views.css). */
const TILE_WIDTH_MIN = 300
const TILE_WIDTH_SHARE_MIN = 0.46
const TILE_HEIGHT_MIN = 230
/** What stands below a picture and around it. */
const FIGURES_HEIGHT = 54
/** Pictures are of all shapes; this is the one that most are near to. */
const ASPECT = 4 / 3

/**
 * For `count` tiles in a view of that size, with `gap` between them, all in pixels: the columns with
 * which the pictures are largest and all tiles are in sight; where no number does that, as many as
 * there is width for.
 */
export function gridColumns(count: number, width: number, height: number, gap: number): number {
  const tileWidthMin = Math.min(TILE_WIDTH_MIN, TILE_WIDTH_SHARE_MIN * width)
  const columnsMax = Math.max(1, Math.floor((width + gap) / (tileWidthMin + gap)))
  let [best, largest] = [Math.max(1, Math.min(count, columnsMax)), 0]
  for (let columns = 1; columns <= Math.min(count, columnsMax); columns++) {
    const rows = Math.ceil(count / columns)
    const tileWidth = (width + gap) / columns - gap
    const tileHeight = (height + gap) / rows - gap
    const picture = Math.min(tileWidth, (tileHeight - FIGURES_HEIGHT) * ASPECT)
    if (tileHeight >= TILE_HEIGHT_MIN && picture > largest) [best, largest] = [columns, picture]
  }
  return best
}
