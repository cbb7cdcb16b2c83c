import { describeFaults } from './fault.ts'
import type { Outcome } from './run.ts'
import type { Scenario, Targets } from './scenarios.ts'
import { total } from './verdict.ts'

/** A network has its own delays, and chance its own streaks: so much more than a target is no miss. */
const TOLERANCE = { factor: 1.05, ms: 30 }
/** Within one such window attempts to connect are counted, in milliseconds. */
const PEAK_MS = 250

/** What the runs of one scenario are measured by; what there is none of is `undefined`. */
export type Figures = { readonly [name in keyof Targets]-?: number | undefined }

/** The figures of several runs of one scenario. */
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

/** The targets that were missed, each as a sentence. */
export function missesOf({ targets }: Scenario, figures: Figures): readonly string[] {
  return targetNames.flatMap((name) => {
    const [target, figure] = [targets[name], figures[name]]
    if (target === undefined || figure === undefined) return []
    return figure <= mostOf(name, target) ? [] : [`${name} is ${show(figure)}, more than ${target}`]
  })
}

/** A number as people read it. */
export function show(figure: number): string {
  return String(Math.round(figure * 100) / 100)
}

function mostOf(name: keyof Targets, target: number): number {
  if (name.endsWith('Ms')) return target * TOLERANCE.factor + TOLERANCE.ms
  return name === 'attempts' ? target * TOLERANCE.factor : target
}

/** The figures there are targets for. */
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

/** What is not 0 in a run though it has to be. */
function faultsOf({ faults, scenario, schedule }: Outcome): Readonly<Record<string, number>> {
  const forgetful = schedule.some((fault) => fault.name === 'restart' && fault.memory === 'lost')
  const judged = Object.entries(faults).filter(([name]) => {
    // What was lost with the memory has to be told, not found.
    return !scenario.excuses.includes(name) && !(name === 'lost' && forgetful)
  })
  return Object.fromEntries(judged.filter(([, count]) => count > 0))
}

/** What went wrong in a run, with everything that is needed to see it again; empty where nothing did. */
export function complaintOf(outcome: Outcome): string {
  const faults = Object.entries(faultsOf(outcome)).map(([name, count]) => `${name} ${count}`)
  if (faults.length === 0) return ''
  const { scenario, seed, schedule, errors } = outcome
  const told = errors.slice(0, 3).map((error) => `  ${String(error)}`)
  const title = `${scenario.name}, seed ${seed}: ${faults.join(', ')}`
  const replay = `  CHAOS=${scenario.name}:${seed} npx vitest run --project unit test/chaos/regressions`
  return [title, describeFaults(schedule), ...told, replay].join('\n')
}

/** The most attempts to connect in any window. */
function peakOf({ attempts }: Outcome): number {
  const sorted = [...attempts].sort((a, b) => a - b)
  let [peak, from] = [0, 0]
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[from] ?? at) >= PEAK_MS) from++
    peak = Math.max(peak, index - from + 1)
  }
  return peak
}

/** The value below or at which so large a share of them is; `undefined` where there are none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
