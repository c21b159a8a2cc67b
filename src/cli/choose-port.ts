// Where the page is served, and to whom. Its port: the one that was asked for, else the default,
// else, when somebody else has that one, a free one.
import { Option } from 'commander'
import { DEFAULT_PORT } from '../protocol/viewer-protocol.ts'
import type { Output } from './output.ts'

const ANSWER_MILLIS_MAX = 500
const DEFAULT_HOST = '127.0.0.1'

/** Which address is fine is said by those who listen: any but the loopback's needs a token. */
export const hostOption = (): Option =>
  new Option(
    '--host <ADDRESS>',
    'address to listen at; any but the loopback needs --token',
  ).default(DEFAULT_HOST)

export const tokenOption = (): Option =>
  new Option('--token', 'ask viewers for a token; a link with the first one is printed')

/** Says where the page is to be opened, once. */
export function sayLink(link: string | null, output: Output): void {
  if (link === null) return
  output.say(`open it with this link, which works once; "rollcast token add" makes more:`)
  output.say(output.style('bold', link))
}

/** `asked` as it is; without it 7788, or 0 (a free one) when something listens there already. */
export async function choosePort(asked: number | undefined, output: Output): Promise<number> {
  if (asked !== undefined) return asked
  if (!(await listens(DEFAULT_PORT))) return DEFAULT_PORT
  output.say(`port ${DEFAULT_PORT} is taken by another program: taking a free one`)
  return 0
}

/** Whether anything listens, whatever it may speak. */
async function listens(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MILLIS_MAX)
  try {
    await fetch(`http://${DEFAULT_HOST}:${port}/healthz`, { signal })
    return true
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return code !== 'ECONNREFUSED'
  }
}
