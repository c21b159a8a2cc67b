// Loaded before everything else in a thread: see plant.ts. Its query carries the plants.
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { assert } from '../../src/base/assert.ts'
import type { Plant } from './plant.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const plants = JSON.parse(decodeURIComponent(new URL(import.meta.url).search.slice(1))) as Plant[]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const here = plants.filter(({ file }) => url === `file://${root}${file}`)
    if (here.length === 0) return loaded
    let source = String(loaded.source)
    for (const { file, find, replace } of here) {
      assert(source.split(find).length === 2, `${file} has not once: ${find}`)
      source = source.replace(find, () => replace)
    }
    return { ...loaded, source }
  },
})
