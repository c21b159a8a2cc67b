// Under which names a server is reached, by where it listens and where a request came in.
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { bracketed, foreignness, OwnHosts } from '../../../src/gateway/access/same-origin.ts'

const came = (localAddress: string | undefined, ...rawHeaders: string[]): IncomingMessage =>
  ({ url: '/', rawHeaders, socket: { localAddress } }) as unknown as IncomingMessage

const hostsOf = (address: string, port: number, localAddress?: string): string[] =>
  [...new OwnHosts(address, port).of(came(localAddress))].sort()

describe('W12 K2 the names of a server', () => {
  test('on this machine they are those of loopback and of its address, with its port', () => {
    const loopback = ['127.0.0.1:8080', '[::1]:8080', 'localhost:8080']
    expect(hostsOf('127.0.0.1', 8080, '127.0.0.1')).toEqual(loopback)
    expect(hostsOf('::1', 8080)).toEqual(loopback)
    expect(hostsOf('127.0.0.2', 8080, '127.0.0.9')).toEqual([...loopback, '127.0.0.2:8080'].sort())
  })

  test('for others they are also its own name and the address that the request came to', () => {
    const own = hostname().toLowerCase()
    const names = (...more: string[]): string[] =>
      ['127.0.0.1', 'localhost', '[::1]', own, ...more].map(name => `${name}:8080`).sort()
    expect(hostsOf('0.0.0.0', 8080)).toEqual(names())
    expect(hostsOf('0.0.0.0', 8080, '192.0.2.5')).toEqual(names('192.0.2.5'))
    expect(hostsOf('::', 8080, '::ffff:192.0.2.5')).toEqual(names('192.0.2.5'))
    expect(hostsOf('::', 8080, '2001:db8::5')).toEqual(names('[2001:db8::5]'))
  })

  test('at port 80 they go without it too, as browsers write them', () => {
    const names = ['127.0.0.1', 'localhost', '[::1]']
    expect(hostsOf('127.0.0.1', 80)).toEqual([...names, ...names.map(one => `${one}:80`)].sort())
    const own = new OwnHosts('127.0.0.1', 80)
    const page = ['Host', 'localhost', 'Origin', 'http://localhost']
    expect(foreignness(came('127.0.0.1', ...page), own)).toBe(null)
  })

  test('an address stands in brackets when it has colons, and a mapped one as what it is', () => {
    expect(bracketed('192.0.2.5')).toBe('192.0.2.5')
    expect(bracketed('::FFFF:192.0.2.5')).toBe('192.0.2.5')
    expect(bracketed('2001:db8::ffff:5')).toBe('[2001:db8::ffff:5]')
    expect(bracketed('64:ff9b::ffff:192.0.2.5')).toBe('[64:ff9b::ffff:192.0.2.5]')
    expect(bracketed('::ffff:c000:205')).toBe('[::ffff:c000:205]')
  })
})
