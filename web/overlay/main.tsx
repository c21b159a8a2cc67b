// The start of an overlay page.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { assert } from '../../src/base/assert.ts'
import { browserSession } from '../browser-session.ts'
import { askServer } from '../browser-socket.ts'
import { signIn } from '../sign-in.ts'
import { SessionContext } from '../use-session.ts'
import { windowAddress } from '../window-address.ts'
import { readOptions } from './options.ts'
import { Overlay } from './overlay.tsx'
import '../styles/tokens.css'
import '../styles/stage.css'
import '../styles/marks.css'
import '../styles/overlay.css'

const read = readOptions(location.pathname, location.search)
document.documentElement.setAttribute('data-theme', read.options.theme)

const session = browserSession({ rowsAtFirst: 0, canGoBack: false })
await signIn(windowAddress(), askServer)
session.start()
if (read.options.agent !== null) session.follow(read.options.agent)
addEventListener('online', () => {
  if (session.store.getState().connection.phase !== 'open') session.start()
})

const root = document.getElementById('root')
assert(root !== null, 'overlay.html has an element #root')
createRoot(root).render(
  <StrictMode>
    <SessionContext value={session}>
      <Overlay {...read} />
    </SessionContext>
  </StrictMode>,
)
