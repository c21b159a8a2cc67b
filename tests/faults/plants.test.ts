// Whether every bug that a campaign plants still finds its line, also those of the slow tier.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Found {
  readonly at: string
  readonly file: string
  readonly find: string
}

test('every line that is planted upon is in its file once', () => {
  const plants = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .flatMap(path => plantsIn(`tests/${path}`))
  const astray = plants.filter(({ file, find }) => {
    const text = readFileSync(join(root, file), 'utf8')
    return text.split(find).length !== 2
  })
  expect(astray).toEqual([])
  expect(plants.length).toBeGreaterThan(40)
})

/** The objects with a `file` and a `find` in the test at `path`, as far as these are plain text. */
function plantsIn(path: string): Found[] {
  const source = ts.createSourceFile(
    path,
    readFileSync(join(root, path), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
  const texts = new Map<string, string>()
  const found: Found[] = []
  const textOf = (node: ts.Expression | undefined): string | undefined => {
    if (node && ts.isStringLiteralLike(node)) return node.text
    return node && ts.isIdentifier(node) ? texts.get(node.text) : undefined
  }
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
      const text = textOf(node.initializer)
      if (text !== undefined) texts.set(node.name.text, text)
    }
    if (ts.isObjectLiteralExpression(node)) {
      const given = fieldsOf(node)
      const [file, find] = [textOf(given.get('file')), textOf(given.get('find'))]
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      if (file !== undefined && find !== undefined) {
        found.push({ at: `${path}:${line + 1}`, file, find })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The object's own fields and those of objects that are spread in place: `{ ...{ file }, find }`. */
function fieldsOf(object: ts.ObjectLiteralExpression): Map<string, ts.Expression> {
  const fields = new Map<string, ts.Expression>()
  for (const property of object.properties) {
    if (ts.isShorthandPropertyAssignment(property)) fields.set(property.name.text, property.name)
    else if (ts.isPropertyAssignment(property) && ts.isIdentifier(property.name)) {
      fields.set(property.name.text, property.initializer)
    } else if (
      ts.isSpreadAssignment(property) &&
      ts.isObjectLiteralExpression(property.expression)
    ) {
      for (const [name, value] of fieldsOf(property.expression)) fields.set(name, value)
    }
  }
  return fields
}
