// One row of the list; drawn again only when it is another row or its mark changes.
import { memo } from 'react'
import type { ViewerEpisodeRow } from '../../src/protocol/server-messages.ts'
import { formatTime, formatValue } from '../format.ts'

interface EpisodeRowProps {
  readonly row: ViewerEpisodeRow
  /** 1 is the head. */
  readonly index: number
  readonly active: boolean
  readonly opened: boolean
  readonly onOpen: (episode: number) => void
}

export const EpisodeRow = memo(({ row, index, active, opened, onOpen }: EpisodeRowProps) => (
  <tr
    id={`episode-${row.episode}`}
    className={`row${active ? ' active' : ''}${opened ? ' opened' : ''}`}
    aria-rowindex={index}
    aria-selected={opened}
    onClick={() => onOpen(row.episode)}
  >
    <td>{row.episode}</td>
    <td title={row.agent}>{row.agent}</td>
    <td>{row.steps}</td>
    <td className="strong">{formatValue(row.total_reward)}</td>
    <td>{row.curriculum_stage ?? '–'}</td>
    <td title={row.released ? `${row.reason}; no pictures: ${row.released}` : row.reason}>
      {row.reason}
    </td>
    <td>{formatTime(row.end_time)}</td>
  </tr>
))
