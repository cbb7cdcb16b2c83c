import { useReadable } from 'wirefold/react'
import { figures } from '../model/machine.ts'
import { KEPT_FIGURES } from '../shared.ts'
import { size } from './describe.ts'

/** Shows the figures of the server's machine. */
export function MachinePanel() {
  const all = useReadable(figures) ?? []
  const now = all.at(-1)
  return (
    <section className="card machine">
      <h2>This machine</h2>
      {now ? (
        <dl className="plots">
          <dt>Load</dt>
          <dd data-testid="load">
            {now.load.toFixed(2)} <small>on {now.cores} cores</small>
          </dd>
          <Plot values={all.map(({ load }) => load)} atLeast={now.cores} />
          <dt>Memory</dt>
          <dd>
            {size(now.memory.used)} <small>of {size(now.memory.total)}</small>
          </dd>
          <Plot values={all.map(({ memory }) => memory.used)} atLeast={now.memory.total} />
          <dt>Event loop</dt>
          <dd>
            {now.delayMs.toFixed(1)} ms <small>late at worst</small>
          </dd>
          <Plot values={all.map(({ delayMs }) => delayMs)} atLeast={20} />
        </dl>
      ) : (
        <p className="empty">Waiting for the first figures …</p>
      )}
    </section>
  )
}

/**
 * Plots a figure of the last minute, the newest value at the right; the top is the maximum, or
 * `atLeast`.
 */
function Plot({ values, atLeast }: { values: readonly number[]; atLeast: number }) {
  const top = Math.max(atLeast, ...values)
  const first = KEPT_FIGURES - values.length
  const points = values.map((value, at) => `${first + at},${(1 - value / top).toFixed(3)}`)
  return (
    <dd className="plot">
      <svg
        viewBox={`0 -0.05 ${KEPT_FIGURES - 1} 1.1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <polygon points={`${first},1 ${points.join(' ')} ${KEPT_FIGURES - 1},1`} />
        <polyline points={points.join(' ')} />
      </svg>
    </dd>
  )
}
