// Dark or light: what the user chose, else what the system prefers. Charts listen, because a canvas
// does not see CSS change.
import { useEffect, useState } from 'react'

export type Theme = 'dark' | 'light'

const KEY = 'rollcast.theme'
const CHANGED = 'rollcast:theme'
const prefersLight = matchMedia('(prefers-color-scheme: light)')

function chosenTheme(): Theme | null {
  const chosen = document.documentElement.getAttribute('data-theme')
  return chosen === 'dark' || chosen === 'light' ? chosen : null
}

const currentTheme = (): Theme => chosenTheme() ?? (prefersLight.matches ? 'light' : 'dark')

/** Puts on what was chosen on an earlier visit. */
export function restoreTheme(): void {
  try {
    const kept = localStorage.getItem(KEY)
    if (kept === 'dark' || kept === 'light')
      document.documentElement.setAttribute('data-theme', kept)
  } catch {
    // Storage is off: the system's preference holds.
  }
}

export function chooseTheme(theme: Theme): void {
  document.documentElement.setAttribute('data-theme', theme)
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
  dispatchEvent(new Event(CHANGED))
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme)
  useEffect(() => {
    const update = (): void => setTheme(currentTheme())
    addEventListener(CHANGED, update)
    prefersLight.addEventListener('change', update)
    return () => {
      removeEventListener(CHANGED, update)
      prefersLight.removeEventListener('change', update)
    }
  }, [])
  return theme
}

const known = new Map<string, string>()

/** The value of a custom property such as `--accent` in the current theme. */
export function cssValue(property: string): string {
  // Asking the browser makes it bring every style up to date first: too dear for each draw.
  const key = `${currentTheme()} ${property}`
  let value = known.get(key)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(property).trim()
    known.set(key, value)
  }
  return value
}
