// Tables for people: columns as wide as what is in them, numbers to the right.

/** A column's title and what it shows of a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => string | number | null]

/** The lines of a table; a null is shown as `-`. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const texts = rows.map(row => columns.map(([, cell]) => String(cell(row) ?? '-')))
  const lines = [columns.map(([title]) => title), ...texts]
  const pads = columns.map((_, i) => {
    const width = lines.reduce((most, line) => Math.max(most, line[i]!.length), 0)
    const numeric = texts.every(line => isNumeric(line[i]!))
    return (text: string): string => (numeric ? text.padStart(width) : text.padEnd(width))
  })
  return lines.map(line =>
    line
      .map((text, i) => pads[i]!(text))
      .join('  ')
      .trimEnd(),
  )
}

const isNumeric = (text: string): boolean => text === '-' || !Number.isNaN(Number(text))
