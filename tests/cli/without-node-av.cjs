// As where the optional package was not installed: nobody finds it.
const { Module } = require('node:module')

const resolve = Module._resolveFilename
Module._resolveFilename = function (name, ...rest) {
  if (!name.startsWith('node-av')) return resolve.call(this, name, ...rest)
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
}
