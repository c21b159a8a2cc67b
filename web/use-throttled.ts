// A value that changes often, taken over now and then: for what is dear to draw.
import { useEffect, useRef, useState } from 'react'

/** `value`, renewed at most every `everyMillis`; the last change is never left out. */
export function useThrottled<T>(value: T, everyMillis: number): T {
  const [taken, setTaken] = useState(value)
  const takenAt = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const take = (): void => {
      takenAt.current = performance.now()
      setTaken(value)
    }
    const timer = setTimeout(take, Math.max(0, takenAt.current + everyMillis - performance.now()))
    return () => clearTimeout(timer)
  }, [value, everyMillis])
  return taken
}
