// Meters, Q-values and policy logits of the step on the stage, as bars with their figures.
import { useEffect, useState } from 'react'
import { formatName, formatValue } from '../format.ts'
import { fractionOf, type Range, relativeRange, widen } from '../meter-range.ts'
import { useViewer } from '../use-session.ts'
import { Panel } from './panel.tsx'

/** More than these are not drawn, and the panel says so. */
const BARS_MAX = 64
/** A picture may be there before the first step is. */
const NO_STEP = 'No step of it has come yet.'

type Ranges = ReadonlyMap<string, Range>

function widenAll(ranges: Ranges, meters: Readonly<Record<string, number>>): Ranges {
  const wider = Object.entries(meters).flatMap(([name, value]): [string, Range][] => {
    const range = widen(ranges.get(name), value)
    return range === ranges.get(name) ? [] : [[name, range]]
  })
  return wider.length === 0 ? ranges : new Map([...ranges, ...wider])
}

interface BarProps {
  readonly label: string
  readonly value: number
  readonly range: Range
  readonly chosen?: boolean
}

function Bar({ label, value, range, chosen = false }: BarProps) {
  return (
    <li className={chosen ? 'bar chosen' : 'bar'} aria-current={chosen ? 'true' : undefined}>
      <span className="bar-label" title={label}>
        {label}
      </span>
      <span className="bar-track" aria-hidden="true">
        <span
          className="bar-fill"
          style={{ transform: `translateX(${(100 * fractionOf(range, value) - 100).toFixed(1)}%)` }}
        />
      </span>
      <span className="bar-value">{formatValue(value)}</span>
    </li>
  )
}

function Meters({ meters }: { meters: Readonly<Record<string, number>> }) {
  const [ranges, setRanges] = useState<Ranges>(new Map())
  useEffect(() => setRanges(held => widenAll(held, meters)), [meters])
  const entries = Object.entries(meters)
  return (
    <Panel title="Meters" aside={entries.length > BARS_MAX && `${BARS_MAX} of ${entries.length}`}>
      <ul className="bars">
        {entries.slice(0, BARS_MAX).map(([name, value]) => (
          <Bar
            key={name}
            label={formatName(name)}
            value={value}
            range={widen(ranges.get(name), value)}
          />
        ))}
      </ul>
    </Panel>
  )
}

interface ChoicesProps {
  readonly title: string
  readonly values: readonly number[]
  readonly action: number | null
}

/** A figure for each action, and which was taken. */
function Choices({ title, values, action }: ChoicesProps) {
  const range = relativeRange(values)
  const highest = values.indexOf(Math.max(...values))
  const explores = action !== null && highest >= 0 && action !== highest
  return (
    <Panel
      title={title}
      aside={action === null ? undefined : explores ? 'not the highest' : 'highest chosen'}
    >
      <ul className="bars bars-q">
        {values.slice(0, BARS_MAX).map((value, index) => (
          <Bar
            // biome-ignore lint/suspicious/noArrayIndexKey: the index is the action
            key={index}
            label={`action ${index}`}
            value={value}
            range={range}
            chosen={index === action}
          />
        ))}
      </ul>
    </Panel>
  )
}

/** A panel that has nothing to show says so: nothing is made up to fill it. */
function NoBars({ title, children }: { title: string; children: string }) {
  return (
    <Panel title={title}>
      <p className="empty">{children}</p>
    </Panel>
  )
}

export function BarsPanel() {
  const hasLook = useViewer(state => state.look !== null)
  const hasStep = useViewer(({ look }) => look !== null && look.state !== null)
  const meters = useViewer(({ look }) => look?.state?.meters ?? null)
  const values = useViewer(({ look }) => look?.state?.q_values ?? null)
  const logits = useViewer(({ look }) => look?.state?.logits ?? null)
  const chosen = useViewer(({ look }) => look?.state?.action ?? null)
  const action = typeof chosen === 'number' ? chosen : null
  if (!hasLook) return null
  return (
    <div className="bar-panels">
      {meters === null ? (
        <NoBars title="Meters">{hasStep ? 'This agent records no meters.' : NO_STEP}</NoBars>
      ) : (
        <Meters meters={meters} />
      )}
      {values !== null && <Choices title="Q-values" values={values} action={action} />}
      {logits !== null && <Choices title="Policy logits" values={logits} action={action} />}
      {values === null && logits === null && (
        <NoBars title="Q-values">{hasStep ? 'No Q-values in this run.' : NO_STEP}</NoBars>
      )}
    </div>
  )
}
