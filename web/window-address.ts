// The window's own address, as far as the page writes it: the part from `#` on.
import type { AddressBar } from './address.ts'

export function windowAddress(): AddressBar {
  return {
    hash: () => location.hash,
    push: hash => history.pushState(null, '', hash),
    replace: hash => history.replaceState(null, '', hash),
    listen: listener => addEventListener('popstate', listener),
  }
}
