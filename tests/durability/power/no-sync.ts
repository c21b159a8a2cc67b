// The negative control: with `--import` of this file, lmdb opens every environment with `noSync`.
// No level of Rollcast can do that, so it is slipped in between.
import { registerHooks } from 'node:module'
import { open as openSafely } from 'lmdb'

export const open = (options: Parameters<typeof openSafely>[0]): unknown =>
  openSafely({ ...options, noSync: true })

registerHooks({
  resolve(specifier, context, next) {
    const ours = specifier === 'lmdb' && context.parentURL?.endsWith('/lmdb-storage.ts')
    return ours ? { url: import.meta.url, shortCircuit: true } : next(specifier, context)
  },
})
