import { describeFaults } from './fault.ts'
import type { Outcome } from './run.ts'
import type { Scenario, Targets } from './scenarios.ts'
import { total } from './verdict.ts'

/** Permitted excess over a target, for delays of the network and random variation. */
const TOLERANCE = { factor: 1.05, ms: 30 }
/** Width of the windows in which attempts to connect are counted, in milliseconds. */
const PEAK_MS = 250

/** Figures of the runs of one scenario; `undefined` if there is no value. */
export type Figures = { readonly [name in keyof Targets]-?: number | undefined }

/** Returns the figures of several runs of one scenario. */
export function figuresOf(outcomes: readonly Outcome[]): Figures {
  const { recoveries, noticed, counts } = total(outcomes)
  const clients = outcomes.reduce((sum, { scenario }) => sum + scenario.clients, 0)
  const attempts = outcomes.flatMap(({ attempts, overMs }) => attempts.filter((at) => at < overMs))
  return {
    worstMs: quantile(recoveries, 1),
    medianMs: quantile(recoveries, 0.5),
    p95Ms: quantile(recoveries, 0.95),
    noticedMs: quantile(noticed, 1),
    returnMs: quantile(
      outcomes.map(({ returnMs }) => returnMs),
      1,
    ),
    reconnects: counts.reconnects,
    peak: quantile(outcomes.map(peakOf), 0.5),
    worstPeak: quantile(outcomes.map(peakOf), 1),
    attempts: attempts.length / clients,
  }
}

/** Returns the missed targets, each as a sentence. */
export function missesOf({ targets }: Scenario, figures: Figures): readonly string[] {
  return targetNames.flatMap((name) => {
    const [target, figure] = [targets[name], figures[name]]
    if (target === undefined || figure === undefined) return []
    return figure <= mostOf(name, target) ? [] : [`${name} is ${show(figure)}, more than ${target}`]
  })
}

/** Formats a number with at most two decimals. */
export function show(figure: number): string {
  return String(Math.round(figure * 100) / 100)
}

function mostOf(name: keyof Targets, target: number): number {
  if (name.endsWith('Ms')) return target * TOLERANCE.factor + TOLERANCE.ms
  return name === 'attempts' ? target * TOLERANCE.factor : target
}

/** The names of all figures. */
export const targetNames = [
  'worstMs',
  'medianMs',
  'p95Ms',
  'noticedMs',
  'returnMs',
  'reconnects',
  'peak',
  'worstPeak',
  'attempts',
] as const satisfies readonly (keyof Targets)[]

/** Returns the faults of a run that must be 0 and are not. */
function faultsOf({ faults, scenario, schedule }: Outcome): Readonly<Record<string, number>> {
  const forgetful = schedule.some((fault) => fault.name === 'restart' && fault.memory === 'lost')
  const judged = Object.entries(faults).filter(([name]) => {
    // Events lost with the memory must be reported as a gap, not delivered.
    return !scenario.excuses.includes(name) && !(name === 'lost' && forgetful)
  })
  return Object.fromEntries(judged.filter(([, count]) => count > 0))
}

/** Describes the faults of a run, with the command to replay it; empty without faults. */
export function complaintOf(outcome: Outcome): string {
  const faults = Object.entries(faultsOf(outcome)).map(([name, count]) => `${name} ${count}`)
  if (faults.length === 0) return ''
  const { scenario, seed, schedule, errors } = outcome
  const reported = errors.slice(0, 3).map((error) => `  ${String(error)}`)
  const title = `${scenario.name}, seed ${seed}: ${faults.join(', ')}`
  const replay = `  CHAOS=${scenario.name}:${seed} npx vitest run --project unit test/chaos/regressions`
  return [title, describeFaults(schedule), ...reported, replay].join('\n')
}

/** Returns the largest number of attempts to connect in any window. */
function peakOf({ attempts }: Outcome): number {
  const sorted = [...attempts].sort((a, b) => a - b)
  let [peak, from] = [0, 0]
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[from] ?? at) >= PEAK_MS) from++
    peak = Math.max(peak, index - from + 1)
  }
  return peak
}

/** Returns the quantile of the values, or `undefined` if there are none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
