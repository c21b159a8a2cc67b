// Where the states of a machine stand in its drawing. States flow from left to right by how many
// transitions it takes to come to them; final ones stand last; a state with states inside is a box
// around them. Pure, and the same for the same machine: nothing jumps while an actor lives.
import type { MachineDescription, StateDescription } from '../src/protocol/machine-description.ts'

export interface StateBox {
  /** Full name; never empty. */
  readonly name: string
  readonly title: string
  readonly isFinal: boolean
  readonly isCompound: boolean
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface StateArrow {
  readonly from: string
  readonly to: string
  /** What takes this way, as words. */
  readonly causes: readonly string[]
  /** An SVG path. */
  readonly path: string
}

export interface StateChart {
  readonly width: number
  readonly height: number
  /** Outer boxes before what is inside them. */
  readonly boxes: readonly StateBox[]
  readonly arrows: readonly StateArrow[]
}

const LEAF_HEIGHT = 30
const CHARACTER_WIDTH = 7.2
const PADDING = 12
const HEADING = 24
const COLUMN_GAP = 46
const ROW_GAP = 14

interface Block {
  readonly width: number
  readonly height: number
  readonly boxes: readonly StateBox[]
}

export function layOutMachine(machine: MachineDescription): StateChart {
  const { width, height, boxes } = layOutInside(machine)
  const margin = (block: StateBox): StateBox => moved(block, PADDING, PADDING)
  const placed = boxes.map(margin)
  return {
    width: width + 2 * PADDING,
    // Ways back run below.
    height: height + 2 * PADDING + ROW_GAP,
    boxes: placed,
    arrows: arrowsOf(machine, new Map(placed.map(box => [box.name, box]))),
  }
}

/** The states inside `parent`, from (0, 0) on. */
function layOutInside(parent: StateDescription): Block {
  const columns = parent.type === 'parallel' ? [parent.states] : columnsOf(parent)
  const blocks = columns.map(column => column.map(layOutState))
  const heights = blocks.map(column => sum(column.map(({ height }) => height + ROW_GAP)) - ROW_GAP)
  const height = Math.max(0, ...heights)
  const boxes: StateBox[] = []
  let x = 0
  for (const [index, column] of blocks.entries()) {
    const width = Math.max(...column.map(block => block.width))
    let y = (height - heights[index]!) / 2
    for (const block of column) {
      const inset = (width - block.width) / 2
      boxes.push(...block.boxes.map(box => moved(box, x + inset, y)))
      y += block.height + ROW_GAP
    }
    x += width + COLUMN_GAP
  }
  return { width: Math.max(0, x - COLUMN_GAP), height, boxes }
}

function layOutState(state: StateDescription): Block {
  const title = state.name.slice(state.name.lastIndexOf('.') + 1)
  const titleWidth = title.length * CHARACTER_WIDTH + 2 * PADDING
  const isCompound = state.states.length > 0
  const inside = isCompound ? layOutInside(state) : { width: 0, height: 0, boxes: [] }
  const width = Math.max(titleWidth, isCompound ? inside.width + 2 * PADDING : 0)
  const height = isCompound ? inside.height + HEADING + PADDING : LEAF_HEIGHT
  const isFinal = state.type === 'final'
  const own = { name: state.name, title, isFinal, isCompound, x: 0, y: 0, width, height }
  return { width, height, boxes: [own, ...inside.boxes.map(box => moved(box, PADDING, HEADING))] }
}

/** The children of a state, by how many transitions lead to them; final ones last. */
function columnsOf(parent: StateDescription): StateDescription[][] {
  const ranks = ranksOf(parent)
  const columns: StateDescription[][] = []
  for (const state of parent.states) {
    if (state.type === 'final') continue
    const rank = ranks.get(state.name) ?? 0
    columns[rank] ??= []
    columns[rank].push(state)
  }
  const finals = parent.states.filter(({ type }) => type === 'final')
  return [...columns.filter(column => column !== undefined), finals].filter(
    column => column.length > 0,
  )
}

function ranksOf(parent: StateDescription): Map<string, number> {
  const childOf = (name: string | null): StateDescription | undefined =>
    parent.states.find(({ name: own }) => name === own || name?.startsWith(`${own}.`))
  const ranks = new Map<string, number>()
  let reached = [childOf(parent.initial) ?? parent.states[0]]
  for (let rank = 0; reached.length > 0; rank++) {
    const next: (StateDescription | undefined)[] = []
    for (const state of reached) {
      if (state === undefined || ranks.has(state.name)) continue
      ranks.set(state.name, rank)
      next.push(...targetsOf(state).map(childOf))
    }
    reached = next
  }
  return ranks
}

/** Where the transitions of a state, and of those inside it, lead. */
const targetsOf = (state: StateDescription): (string | null)[] => [
  ...state.transitions.map(({ target }) => target),
  ...state.states.flatMap(targetsOf),
]

function arrowsOf(
  parent: StateDescription,
  boxes: ReadonlyMap<string, StateBox>,
): readonly StateArrow[] {
  const causes = new Map<string, { from: string; to: string; words: Set<string> }>()
  const collect = (state: StateDescription): void => {
    for (const { event, delay, guard, target } of state.transitions) {
      if (target === null || target === state.name || state.name === '') continue
      const way = `${state.name} ${target}`
      const known = causes.get(way) ?? { from: state.name, to: target, words: new Set() }
      known.words.add(causeOf(event, delay, guard))
      causes.set(way, known)
    }
    state.states.forEach(collect)
  }
  collect(parent)
  return [...causes.values()].flatMap(({ from, to, words }) => {
    const [start, end] = [boxes.get(from), boxes.get(to)]
    if (start === undefined || end === undefined) return []
    return [{ from, to, causes: [...words], path: pathOf(start, end) }]
  })
}

function causeOf(event: string | null, delay: string | null, guard: string | null): string {
  if (delay !== null) return `after ${delay}`
  if (event === null) return guard ?? 'at once'
  return event.startsWith('xstate.done.') ? 'done' : event
}

/** From right to left edge where the way leads on, below the boxes where it leads back. */
function pathOf(from: StateBox, to: StateBox): string {
  const right = from.x + from.width
  const [startY, endY] = [from.y + from.height / 2, to.y + to.height / 2]
  if (to.x >= right) {
    const bend = Math.max(18, (to.x - right) / 2)
    return path(right, startY, right + bend, startY, to.x - bend, endY, to.x - 3, endY)
  }
  const [startX, endX] = [from.x + from.width / 2, to.x + to.width / 2]
  const isSameColumn = Math.abs(startX - endX) < 1
  if (isSameColumn) {
    const isDown = to.y > from.y
    const [y1, y2] = isDown ? [from.y + from.height, to.y - 3] : [from.y, to.y + to.height + 3]
    return path(startX, y1, startX, (y1 + y2) / 2, endX, (y1 + y2) / 2, endX, y2)
  }
  const [bottomFrom, bottomTo] = [from.y + from.height, to.y + to.height]
  const below = Math.max(bottomFrom, bottomTo) + ROW_GAP
  return path(startX, bottomFrom, startX, below, endX, below, endX, bottomTo + 3)
}

const path = (x: number, y: number, ...points: number[]): string =>
  `M${round(x)} ${round(y)}C${points.map(round).join(' ')}`

const round = (value: number): number => Math.round(value * 10) / 10

const moved = (box: StateBox, x: number, y: number): StateBox => ({
  ...box,
  x: box.x + x,
  y: box.y + y,
})

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
