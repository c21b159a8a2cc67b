// Dark to light and back.
import { chooseTheme, useTheme } from '../theme.ts'
import { Icon } from './icons.tsx'

export function ThemeButton() {
  const theme = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      className="icon"
      onClick={() => chooseTheme(other)}
      aria-label={`Switch to the ${other} theme`}
    >
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  )
}
