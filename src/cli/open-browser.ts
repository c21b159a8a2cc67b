// Opens the page for a person who sits before this machine.
import { spawn } from 'node:child_process'

/** Whether there is a display to open a browser on. */
export const hasDisplay = (): boolean =>
  Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])

/** Asks the desktop to show `url`. Where that does not work, the address has been printed. */
export function openBrowser(url: string): void {
  const child = spawn('xdg-open', [url], { detached: true, stdio: 'ignore' })
  child.on('error', () => {})
  child.unref()
}
