// The runs that the server has, asked for again and again while the page is seen.
import { useEffect, useState } from 'react'
import * as v from 'valibot'
import { RUNS_API_PATH, type RunList, runListSchema } from '../src/protocol/run-list.ts'

const ANSWER_MILLIS_MAX = 10_000

export interface Runs {
  /** The last answer; null before the first. */
  readonly list: RunList | null
  /** Why the last question was not answered: `away`, or `token` where one is asked for. */
  readonly problem: 'away' | 'token' | null
}

/** `limit` rows after the first `offset`, newest first, again every `everyMillis`. */
export function useRuns(offset: number, limit: number, everyMillis = 2_000): Runs {
  const [runs, setRuns] = useState<Runs>({ list: null, problem: null })
  useEffect(() => {
    const going = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      const next = document.hidden ? null : await fetchRuns(offset, limit, going.signal)
      if (going.signal.aborted) return
      if (next !== null) setRuns(held => ({ list: next.list ?? held.list, problem: next.problem }))
      timer = setTimeout(ask, everyMillis)
    }
    void ask()
    return () => {
      going.abort()
      clearTimeout(timer)
    }
  }, [offset, limit, everyMillis])
  return runs
}

async function fetchRuns(offset: number, limit: number, going: AbortSignal): Promise<Runs> {
  try {
    const signal = AbortSignal.any([going, AbortSignal.timeout(ANSWER_MILLIS_MAX)])
    const response = await fetch(`${RUNS_API_PATH}?offset=${offset}&limit=${limit}`, { signal })
    if (response.status === 401) return { list: null, problem: 'token' }
    return { list: v.parse(runListSchema, await response.json()), problem: null }
  } catch {
    return { list: null, problem: 'away' }
  }
}
