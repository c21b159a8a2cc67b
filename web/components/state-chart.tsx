// A lifecycle as it is drawn, with where the actor stands now: its state is filled, and the ways out
// of it are bright. What a picture cannot say to everybody is said in words below it.
import { useId, useMemo } from 'react'
import type { MachineDescription } from '../../src/protocol/machine-description.ts'
import { layOutMachine, type StateArrow, type StateBox } from '../state-chart-layout.ts'

interface StateChartProps {
  readonly machine: MachineDescription
  /** As `stateName` gives it: names from the top, regions joined by `+`. */
  readonly state: string
}

/** True when `box` is the state, or around it. */
const holds = (active: readonly string[], name: string): boolean =>
  active.some(leaf => leaf === name || leaf.startsWith(`${name}.`))

export function StateChart({ machine, state }: StateChartProps) {
  const id = useId()
  const chart = useMemo(() => layOutMachine(machine), [machine])
  const active = state.split('+')
  const out = chart.arrows.filter(({ from }) => holds(active, from))
  const others = chart.arrows.filter(arrow => !out.includes(arrow))
  return (
    <figure className="state-chart">
      <svg
        viewBox={`0 0 ${chart.width} ${chart.height}`}
        style={{ maxWidth: chart.width }}
        role="img"
        aria-label={`The machine ${machine.machine}, now ${state}`}
      >
        <ArrowHead id={`${id}-way`} className="way" />
        <ArrowHead id={`${id}-out`} className="way out" />
        {others.map(arrow => (
          <Way key={`${arrow.from} ${arrow.to}`} arrow={arrow} head={`${id}-way`} kind="way" />
        ))}
        {out.map(arrow => (
          <Way key={`${arrow.from} ${arrow.to}`} arrow={arrow} head={`${id}-out`} kind="way out" />
        ))}
        {chart.boxes.map(box => (
          <State key={box.name} box={box} isActive={holds(active, box.name)} />
        ))}
      </svg>
      <figcaption>
        {out.length === 0 ? 'No way leads on from here.' : 'From here: '}
        {out.map(({ from, to, causes }) => (
          <span className="way-out" key={`${from} ${to}`}>
            {causes.join(', ')} → <strong>{to}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

function ArrowHead({ id, className }: { id: string; className: string }) {
  return (
    <marker
      id={id}
      viewBox="0 0 8 8"
      refX="6"
      refY="4"
      markerWidth="7"
      markerHeight="7"
      orient="auto"
    >
      <path className={`${className} head`} d="M0 0.8 7 4 0 7.2z" />
    </marker>
  )
}

function State({ box, isActive }: { box: StateBox; isActive: boolean }) {
  const { x, y, width, height, title, isFinal, isCompound } = box
  const kind = `state${isActive ? ' active' : ''}${isCompound ? ' compound' : ''}`
  return (
    <g className={kind}>
      <rect x={x} y={y} width={width} height={height} rx={isFinal ? 15 : 7} />
      {isFinal && (
        <rect x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={12} className="inner" />
      )}
      <text x={isCompound ? x + 10 : x + width / 2} y={isCompound ? y + 16 : y + height / 2 + 4}>
        {title}
      </text>
    </g>
  )
}

function Way({ arrow, head, kind }: { arrow: StateArrow; head: string; kind: string }) {
  return (
    <path className={kind} d={arrow.path} markerEnd={`url(#${head})`}>
      <title>{`${arrow.from} → ${arrow.to}: ${arrow.causes.join(', ')}`}</title>
    </path>
  )
}
