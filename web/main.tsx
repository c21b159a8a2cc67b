// The page's start.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { assert } from '../src/base/assert.ts'
import { systemClock } from '../src/base/clock.ts'
import { linkAddress } from './address.ts'
import { App } from './app.tsx'
import { browserSession } from './browser-session.ts'
import { askServer, base, leadsOn } from './browser-socket.ts'
import { signIn } from './sign-in.ts'
import { restoreTheme } from './theme.ts'
import { SessionContext } from './use-session.ts'
import { windowAddress } from './window-address.ts'
import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/layout.css'
import './styles/marks.css'
import './styles/stage.css'
import './styles/transport.css'
import './styles/panels.css'
import './styles/table.css'
import './styles/system.css'
import './styles/views.css'

restoreTheme()

const session = browserSession()
const bar = windowAddress()
if ((await signIn(bar, askServer)) && base === '/' && (await leadsOn())) location.replace('/')
session.start()
linkAddress(session, bar, systemClock)
addEventListener('online', () => {
  // The pause before the next attempt may be long; a link that stands is left alone.
  if (session.store.getState().connection.phase !== 'open') session.start()
})

const root = document.getElementById('root')
assert(root !== null, 'index.html has an element #root')
createRoot(root).render(
  <StrictMode>
    <SessionContext value={session}>
      <App />
    </SessionContext>
  </StrictMode>,
)
