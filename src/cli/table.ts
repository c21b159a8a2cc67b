// Tables for people: columns as wide as what is in them, numbers to the right.

/** A column's title and what it shows of a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => string | number | null]

/** The lines of a table; a null is shown as `-`. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map(row => columns.map(([, cell]) => cell(row)))
  const texts = cells.map(line => line.map(cell => (cell === null ? '-' : String(cell))))
  const widths = columns.map(([title], i) =>
    texts.reduce((width, line) => Math.max(width, line[i]!.length), title.length),
  )
  const isNumber = columns.map((_, i) => cells.some(line => typeof line[i] === 'number'))
  const join = (line: readonly string[]): string =>
    line
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [join(columns.map(([title]) => title)), ...texts.map(join)]
}
