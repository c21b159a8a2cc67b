// The way into a page that asks for a token: the token stands in the fragment of the address,
// which browsers send to no server and put into no Referer.
import { systemClock } from '../base/clock.ts'
import { Grants } from '../gateway/access/grants.ts'
import { accessDirectory } from '../gateway/access/place.ts'

/** How long the link of a run can be opened. */
const LINK_MILLIS = 24 * 3_600_000

export const linkOf = (url: string, token: string): string => `${url}#token=${token}`

/** What was started so that a link leads to it. */
interface Started {
  close(): void
  closed(): Promise<unknown>
}

/**
 * Makes a token that works once, for whoever started this, and the link that has it. Where that
 * cannot be, nothing goes on running, and CANNOT_CREATE is thrown.
 */
export async function makeLink(started: Started, runDir: string, url: string): Promise<string> {
  const request = { kind: 'link', role: 'streamer', replay: true, lifeMillis: LINK_MILLIS } as const
  try {
    return linkOf(url, new Grants(accessDirectory(runDir), systemClock).issue(request).token)
  } catch (error) {
    started.close()
    await started.closed()
    throw error
  }
}
