// The picture of a world: the scenery of its stage, the agent with the thought of its most urgent
// need, lamps that tell the stage, and a strip of meters. Drawn for being scaled up five times.
import { assert } from '../../src/base/assert.ts'
import { type Canvas, drawSprite, fillRectangle, type Rgb } from '../drawing/canvas.ts'
import { cellSize, drawScenery, frameSize, gridLeft, stripTop } from './scenery.ts'
import { agentArt, bubbleArt, compileSprite, meterArt, meterColours, palette } from './sprites.ts'
import { gridSize, lastStage, meterNames, type World } from './world.ts'

/** Pixels; frames are RGB8, row-major from the upper left. */
export const frameWidth = frameSize
export const frameHeight = frameSize
export const frameBytes = frameWidth * frameHeight * 3

/** Below these the agent looks worried, and desperate. */
const worriedBelow = 0.5
const desperateBelow = 0.25

const colours = meterNames.map(name => meterColours[name])
const meterSprites = meterNames.map(name => compileSprite(meterArt[name]))
const agents = colours.map(colour => ({
  content: compileSprite(agentArt.content, colour),
  worried: compileSprite(agentArt.worried, colour),
  desperate: compileSprite(agentArt.desperate, colour),
}))
const grave = compileSprite(agentArt.dead)
const bubble = compileSprite(bubbleArt, palette.g)
const alarmBubble = compileSprite(bubbleArt, palette.k)
const sceneries = Array.from({ length: lastStage }, (_, i) => drawScenery(i + 1))

const slotWidth = frameSize / meterNames.length
const barWidth = slotWidth - 2
const barBack: Rgb = [66, 66, 88]
const lampOff: Rgb = [34, 80, 52]
const iconSize = 7
const bubbleSize = 9

/** Draws `world` into `out`, all of its `frameBytes` bytes. Asserts that `out` has that size. */
export function renderFrame(world: World, out: Uint8Array): void {
  assert(out.length === frameBytes, `out must have ${frameBytes} bytes, got ${out.length}`)
  out.set(sceneries[world.stage - 1]!)
  const canvas = { pixels: out, width: frameSize }
  drawLamps(canvas, world.stage)
  drawMeters(canvas, world)
  drawAgent(canvas, world)
}

function drawLamps(canvas: Canvas, stage: number): void {
  const left = gridLeft + gridSize * cellSize + 2
  for (let lamp = 1; lamp <= lastStage; lamp++) {
    fillRectangle(canvas, left, 2 + (lamp - 1) * 6, 4, 4, lamp <= stage ? palette.y : lampOff)
  }
}

function drawMeters(canvas: Canvas, world: World): void {
  for (let meter = 0; meter < meterNames.length; meter++) {
    const left = meter * slotWidth
    const active = meter < world.activeMeters
    const iconLeft = left + Math.floor((slotWidth - iconSize) / 2)
    drawSprite(canvas, meterSprites[meter]!, iconLeft, stripTop + 1, active ? 1 : 0.15)
    if (!active) continue
    const level = world.meters[meter]!
    fillRectangle(canvas, left + 1, stripTop + 10, barWidth, 4, barBack)
    const filled = Math.ceil(level * barWidth)
    const colour = blinks(level, world.steps) ? palette.w : colours[meter]!
    fillRectangle(canvas, left + 1, stripTop + 10, filled, 4, colour)
  }
}

function drawAgent(canvas: Canvas, world: World): void {
  const left = gridLeft + world.position[0] * cellSize
  const top = world.position[1] * cellSize
  if (world.diedOf !== undefined) {
    drawSprite(canvas, grave, left + 1, top)
    return
  }
  const need = mostUrgentNeed(world)
  const level = world.meters[need]!
  const looks = agents[need]!
  if (world.usedPlace !== undefined) drawSparkle(canvas, left, top)
  if (level >= worriedBelow) {
    drawSprite(canvas, looks.content, left + 1, top)
    return
  }
  const desperate = level < desperateBelow
  drawSprite(canvas, desperate ? looks.desperate : looks.worried, left + 1, top)
  drawThought(canvas, need, left, top, blinks(level, world.steps))
}

/** Above the agent's head; in the uppermost row beside it, on the side where the frame has room. */
function drawThought(canvas: Canvas, need: number, x: number, y: number, alarm: boolean): void {
  const beside = x < frameSize / 2 ? cellSize : -bubbleSize
  const left = y > 0 ? x : x + beside
  const top = y > 0 ? y - bubbleSize : y
  drawSprite(canvas, alarm ? alarmBubble : bubble, left, top)
  drawSprite(canvas, meterSprites[need]!, left + 1, top + 1)
}

function drawSparkle(canvas: Canvas, left: number, top: number): void {
  for (const [x, y] of [
    [0, 1],
    [9, 0],
    [0, 8],
    [9, 7],
  ] as const) {
    fillRectangle(canvas, left + x, top + y, 1, 2, palette.w)
  }
}

/** The index of the lowest active meter. */
function mostUrgentNeed(world: World): number {
  let need = 0
  for (let meter = 1; meter < world.activeMeters; meter++) {
    if (world.meters[meter]! < world.meters[need]!) need = meter
  }
  return need
}

/** A meter that is nearly empty blinks with the steps of the episode, not with the clock. */
const blinks = (level: number, steps: number): boolean =>
  level < desperateBelow && Math.floor(steps / 4) % 2 === 0
