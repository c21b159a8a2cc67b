// Addresses of peers: what counts as this machine, and what as one peer.
import { isIP } from 'node:net'

const MAPPED = /^::ffff:(?=\d+\.)/i

/** Whether only this machine can have this address: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(MAPPED, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/**
 * What limits count as one peer: an IPv4 address, or the /64 of an IPv6 address, of which one
 * machine may take as many as it likes.
 */
export function peerOf(address: string | undefined): string {
  const plain = (address ?? '').replace(MAPPED, '').replace(/%.*$/, '')
  if (isIP(plain) !== 6 || plain === '::1') return plain
  const [head = '', tail = ''] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (plain.includes('::')) {
    const after = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0)
    groups.push(...Array<string>(8 - groups.length - after).fill('0'))
    if (tail !== '') groups.push(...tail.split(':'))
  }
  return groups
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')
}
