// The start of the page that lists the runs of a server.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { assert } from '../../src/base/assert.ts'
import { askServer } from '../browser-socket.ts'
import { signIn } from '../sign-in.ts'
import { restoreTheme } from '../theme.ts'
import { windowAddress } from '../window-address.ts'
import { RunListPage } from './run-list.tsx'
import '../styles/tokens.css'
import '../styles/layout.css'
import '../styles/views.css'
import '../styles/runs.css'

restoreTheme()
await signIn(windowAddress(), askServer)

const root = document.getElementById('root')
assert(root !== null, 'runs.html has an element #root')
createRoot(root).render(
  <StrictMode>
    <RunListPage />
  </StrictMode>,
)
