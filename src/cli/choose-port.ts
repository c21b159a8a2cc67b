// Where the page is served. Its port: the one that was asked for, else the default, else, when
// somebody else has that one, a free one.
import { Option } from 'commander'
import type { Output } from './output.ts'

const ANSWER_MILLIS_MAX = 500

const hosts = ['127.0.0.1', '::1'] as const

/** The page needs no password, so it is for this machine only. */
export const hostOption = (): Option =>
  new Option('--host <HOST>', 'address to listen at').choices(hosts).default(hosts[0])

/** `asked` as it is; without it 7788, or 0 (a free one) when something listens there already. */
export async function choosePort(asked: number | undefined, output: Output): Promise<number> {
  if (asked !== undefined) return asked
  const { DEFAULT_PORT } = await import('../protocol/viewer-messages.ts')
  if (!(await listens(DEFAULT_PORT))) return DEFAULT_PORT
  output.say(`port ${DEFAULT_PORT} is taken by another program: taking a free one`)
  return 0
}

/** Whether anything listens, whatever it may speak. */
async function listens(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MILLIS_MAX)
  try {
    await fetch(`http://${hosts[0]}:${port}/healthz`, { signal })
    return true
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return code !== 'ECONNREFUSED'
  }
}
