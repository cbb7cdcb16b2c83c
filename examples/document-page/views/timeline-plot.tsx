import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import type { Person } from '../model/person.ts'
import type { Sample } from '../model/timeline.ts'
import { KEPT_SAMPLES, SAMPLE_MS } from '../model/timeline.ts'

const HEIGHT = 150
/** Time that is shown, in seconds. */
const SHOWN_S = (KEPT_SAMPLES * SAMPLE_MS) / 1_000
/** Height of the band with the state of the connection, in pixels. */
const BAND = 8

/** A timeline of a person's connection: its state, the round trip, and the edits that arrived. */
export function TimelinePlot({ person }: { person: Person }) {
  const { name, timeline } = person
  const samples = useReadable(timeline.samples)
  const host = useRef<HTMLDivElement>(null)
  const drawn = useRef<{ plot: uPlot; show: (samples: readonly Sample[]) => void }>(undefined)
  useEffect(() => {
    if (!host.current) return
    const element = host.current
    drawn.current = plotIn(element)
    const { plot } = drawn.current
    const fit = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    fit.observe(element)
    return () => {
      fit.disconnect()
      plot.destroy()
    }
  }, [])
  useEffect(() => drawn.current?.show(samples), [samples])
  const last = samples.at(-1)
  return (
    <section className="card timeline" aria-labelledby={`timeline-${name}`}>
      <h3 id={`timeline-${name}`}>{name}’s connection, the last minute</h3>
      <div className="plot" ref={host} aria-hidden="true" />
      <dl className="legend">
        <div data-series="state" data-tone={connectionTone(last?.state ?? '')}>
          <dt>state</dt>
          <dd>{last?.state ?? '–'}</dd>
        </div>
        <div data-series="rtt">
          <dt>round trip</dt>
          <dd>{last?.rttMs == null ? '–' : `${Math.round(last.rttMs)} ms`}</dd>
        </div>
        <div data-series="edits">
          <dt>received</dt>
          <dd>{Math.round(last?.perSecond ?? 0)} edits/s</dd>
        </div>
      </dl>
    </section>
  )
}

function plotIn(host: HTMLElement) {
  let shown: readonly Sample[] = []
  const colour = (name: string) => getComputedStyle(host).getPropertyValue(`--${name}`).trim()
  const text = { stroke: () => colour('soft'), font: '11px system-ui', size: 66 }
  const grid = { stroke: () => colour('line'), width: 1 }
  const plot = new uPlot(
    {
      width: host.clientWidth,
      height: HEIGHT,
      padding: [BAND + 8, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { range: (_, __, newest) => [newest - SHOWN_S, newest] },
        ms: { range: (_, __, most) => [0, Math.max(50, most * 1.1)] },
        edits: { range: (_, __, most) => [0, Math.max(10, most * 1.1)] },
      },
      axes: [
        { ...text, size: 24, grid, ticks: grid, splits: quarters, values: ages },
        { ...text, scale: 'ms', grid, ticks: grid, values: (_, all) => all.map((n) => `${n} ms`) },
        {
          ...text,
          scale: 'edits',
          side: 1,
          size: 44,
          grid: { show: false },
          ticks: { show: false },
          values: (_, all) => all.map((n) => `${n}/s`),
        },
      ],
      series: [
        {},
        { scale: 'ms', stroke: () => colour('active'), width: 2, points: { show: false } },
        {
          ...{ scale: 'edits', stroke: () => colour('accent'), width: 1, points: { show: false } },
          fill: () => colour('accent-bg'),
          ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
        },
      ],
      hooks: { draw: [drawStates] },
    },
    [[], [], []],
    host,
  )

  /** Draws the state of the connection as a band above the plot. */
  function drawStates({ ctx, bbox, valToPos }: uPlot): void {
    const height = BAND * devicePixelRatio
    for (const [at, { state, at: from }] of shown.entries()) {
      const until = shown[at + 1]?.at ?? from
      const left = Math.max(bbox.left, valToPos(from, 'x', true))
      const width = valToPos(until, 'x', true) - left
      if (!state || width <= 0) continue
      ctx.fillStyle = colour(connectionTone(state))
      ctx.fillRect(left, bbox.top - height - 4, width + 1, height)
    }
  }

  return {
    plot,
    show(samples: readonly Sample[]): void {
      shown = samples
      plot.setData([
        samples.map(({ at }) => at),
        samples.map(({ rttMs }) => rttMs),
        samples.map(({ perSecond }) => perSecond),
      ])
    },
  }
}

/** Returns the places of the time axis with a text: the newest sample, and each quarter before. */
function quarters({ scales: { x } }: uPlot): number[] {
  const newest = x?.max ?? 0
  return [1, 0.75, 0.5, 0.25, 0].map((part) => newest - part * SHOWN_S)
}

function ages({ scales: { x } }: uPlot, splits: readonly number[]): string[] {
  return splits.map((at) => `${Math.round(at - (x?.max ?? 0))} s`.replace(/^0 s/, 'now'))
}
