// The page's start.
import './interpreted-schemas.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { assert } from '../src/base/assert.ts'
import { systemClock } from '../src/base/clock.ts'
import { seededRandom } from '../src/base/random.ts'
import { App } from './app.tsx'
import { openBrowserSocket } from './browser-socket.ts'
import { Session } from './session.ts'
import { restoreTheme } from './theme.ts'
import { SessionContext } from './use-session.ts'
import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/layout.css'
import './styles/stage.css'
import './styles/panels.css'

restoreTheme()

const session = new Session({
  openSocket: openBrowserSocket,
  clock: systemClock,
  random: seededRandom(crypto.getRandomValues(new Uint32Array(1))[0]!),
})
session.start()
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
