// The channels of an actor: what each does when it is full, how full it is, and what became of all
// that was offered.
import { formatBytes } from '../../src/base/bytes.ts'
import type { ViewerActor } from '../../src/protocol/server-messages.ts'
import { formatCount, formatMillis } from '../format.ts'

type ViewerChannel = ViewerActor['channels'][number]

const heads = ['policy', 'depth', 'offered', 'taken', 'dropped', 'spilled', 'blocked'] as const

export function ChannelTable({ channels }: { channels: readonly ViewerChannel[] }) {
  if (channels.length === 0) return <p className="empty">This actor has no channels.</p>
  return (
    <div className="channels">
      <table>
        <thead>
          <tr>
            <th scope="col">channel</th>
            {heads.map(head => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {channels.map(channel => (
            <Channel key={channel.name} channel={channel} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Channel({ channel }: { channel: ViewerChannel }) {
  const { depth, count_max: countMax, depth_bytes: bytes, bytes_max: bytesMax } = channel
  const fill = Math.min(1, Math.max(depth / countMax, bytes / bytesMax))
  const inBytes = `${formatBytes(bytes)} of ${formatBytes(bytesMax)}`
  return (
    <tr>
      <th scope="row">{channel.name}</th>
      <td className="text">{channel.policy}</td>
      <td title={`${inBytes} now; ${formatCount(channel.high_water)} items at most so far`}>
        <span className="depth-track" aria-hidden="true">
          <span className="depth-fill" style={{ transform: `scaleX(${fill})` }} />
        </span>
        {formatCount(depth)}
        <small> / {formatCount(countMax)}</small>
      </td>
      <td>{formatCount(channel.offered)}</td>
      <td>{formatCount(channel.taken)}</td>
      <td className={channel.dropped > 0 ? 'warn' : ''}>{formatCount(channel.dropped)}</td>
      <td className={channel.spilled > 0 ? 'warn' : ''}>{formatCount(channel.spilled)}</td>
      <td className={channel.blocked_millis > 0 ? 'warn' : ''}>
        {formatMillis(channel.blocked_millis)}
      </td>
    </tr>
  )
}
