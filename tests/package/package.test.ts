// The package as its users get it: packed, installed into a fresh TypeScript project, embedded by
// the README's first snippet, and its command line run.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  allowScripts: Record<string, boolean>
  files: string[]
}

const readmeSnippet = (): string => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
}

const run = (command: string, args: string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const tsc = join(root, 'node_modules/.bin/tsc')

/** Packs the checkout and unpacks it under `node_modules` of a new project. */
function freshProject(): string {
  // A folder's name may have anything in it, also what a URL writes otherwise.
  const project = mkdtempSync(join(tmpdir(), 'rollcast package-'))
  // The page is built before the tests start; building it again would take it from under others.
  run('npm', ['run', '--silent', 'build:code'], root)
  const options = ['--silent', '--ignore-scripts', '--pack-destination', project]
  const packed = run('npm', ['pack', ...options], root)
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'rollcast'), { recursive: true })
  const tarball = join(project, packed.trim().split('\n').at(-1) ?? '')
  run('tar', ['-xzf', tarball, '-C', join(modules, 'rollcast'), '--strip-components=1'], project)
  // The registry's part of an install, from what is installed here already.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    mkdirSync(join(modules, name, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    outDir: 'out',
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  return project
}

describe('the package', () => {
  let project = ''
  beforeAll(() => {
    project = freshProject()
  }, 120_000)
  afterAll(() => rmSync(project, { recursive: true, force: true }))

  test('the snippet of the README compiles and runs in a fresh project', () => {
    writeFileSync(join(project, 'main.ts'), readmeSnippet())
    run(tsc, [], project)
    const out = run(process.execPath, ['out/main.js'], project)
    expect(out).toMatch(/live at http:\/\/127\.0\.0\.1:\d+/)
    const cli = join(project, 'node_modules/rollcast/dist/src/cli/main.js')
    const stats = run(
      process.execPath,
      [cli, 'episodes', 'ls', 'runs/random-walk', '--json'],
      project,
    )
    expect(stats).toContain('walker')
  })

  test('a wrong field is a compile error', () => {
    writeFileSync(
      join(project, 'main.ts'),
      `import { startRun } from 'rollcast'\nconst run = await startRun({ dir: 'x' })\n` +
        `run.recorder('a').step({ rewards: 1 })\n`,
    )
    expect(() => run(tsc, [], project)).toThrow(
      expect.objectContaining({ stdout: expect.stringContaining('rewards') as string }),
    )
  })
})

test('only the package that puts Node in place may run an install script', () => {
  expect(manifest.allowScripts).toEqual({ node: true })
})

test('every runtime dependency has its line in the decisions', () => {
  const text = readFileSync(join(root, 'docs/decisions/0002-dependencies.md'), 'utf8')
  for (const name of Object.keys(manifest.dependencies)) expect(text).toContain(`\`${name}\``)
  expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(15)
})
