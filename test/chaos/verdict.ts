import type { Application } from './backend.ts'
import { CHANNELS } from './backend.ts'
import type { Span } from './driver.ts'

/** What a channel told, in order: numbered events, and gaps. */
export type Heard =
  | { readonly at: number; readonly n: number }
  | { readonly at: number; readonly gap: true }

/** A mutation and what its sender was told. */
export interface Mutation {
  readonly n: number
  outcome: 'pending' | 'done' | { readonly code: string }
}

/** What happened in a run, as far as one client is concerned. */
export interface Story {
  readonly heard: ReadonlyMap<string, readonly Heard[]>
  /** How many events of a channel were folded. */
  readonly folded: (channel: string) => number
  readonly mutations: readonly Mutation[]
  /** How often it connected again. */
  readonly reconnects: number
  /** When it was up, and when it was not: open, and every channel at work. */
  readonly turns: readonly { readonly at: number; readonly up: boolean }[]
  /** Events that were no tick, which only broken bytes explain. */
  readonly foreign: number
  /** Whether it was up in the end. */
  readonly up: boolean
  /** What the client reported. */
  readonly errors: readonly unknown[]
}

/** What happened in a run around its clients. */
export interface Background {
  /** The number of the last event of each channel; they are numbered from 1. */
  readonly published: ReadonlyMap<string, number>
  readonly applications: readonly Application[]
  /** When the server lost its memory. */
  readonly losses: readonly number[]
  readonly blockades: readonly Span[]
  /** When connections went silent. */
  readonly silences: readonly Span[]
  /** When clients were told how long to stay away. */
  readonly announced: readonly Span[]
}

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>

/** What a run came to. */
export interface Verdict {
  /**
   * Each of these is to be 0:
   *
   * - `lost`: events published that never arrived; `silent`: those with no gap told in their place
   * - `duplicated`; `disordered`: events behind one with a higher number
   * - `unexplainedGaps`: gaps told with no loss of memory to explain them
   * - `untoldLosses`: losses of memory that a channel never told
   * - `appliedTwice`: mutations that took effect more than once; `appliedAgain`: those whose second
   *   time was on a server that had lost its memory
   * - `doneNotApplied`, `failedButApplied`: mutations whose outcome is not what happened
   * - `pending`: mutations without an outcome in the end
   * - `dead`: channels that were not at work in the end, or did not hear the last event
   * - `unfolded`: events that were handled and not folded, or the other way round
   * - `foreign`: events that nobody published
   * - `errors`: what clients reported as an error
   */
  readonly faults: Counts
  /**
   * What there was of `events`, `gaps`, `reconnects`, and `mutations`; of the latter `rejected`:
   * refused or given up, and without effect; `unknown`: the client was told that nobody knows.
   */
  readonly counts: Counts
  /**
   * From the cut, or the moment when connecting was possible again, to being up, in milliseconds;
   * where the server named a time to stay away there is nothing to measure.
   */
  readonly recoveries: readonly number[]
  /** From a connection's going silent to the client's being down, in milliseconds. */
  readonly noticed: readonly number[]
}

/** Judges one client's story. */
export function judge(story: Story, background: Background): Verdict {
  const channels = CHANNELS.map((channel) => judgeChannel(channel, story, background))
  const sum = (name: keyof ReturnType<typeof judgeChannel>): number =>
    channels.reduce((total, channel) => total + channel[name], 0)
  const mutations = judgeMutations(story.mutations, background.applications)
  return {
    faults: {
      lost: sum('lost'),
      silent: sum('silent'),
      duplicated: sum('duplicated'),
      disordered: sum('disordered'),
      unexplainedGaps: sum('unexplainedGaps'),
      untoldLosses: sum('untoldLosses'),
      ...mutations.faults,
      dead: story.up ? sum('deaf') : CHANNELS.length,
      unfolded: sum('unfolded'),
      foreign: story.foreign + sum('foreign'),
      errors: story.errors.length,
    },
    counts: {
      events: sum('events'),
      gaps: sum('gaps'),
      ...mutations.counts,
      reconnects: story.reconnects,
    },
    ...judgeTurns(story.turns, background),
  }
}

function judgeChannel(channel: string, story: Story, { published, losses }: Background) {
  const last = published.get(channel) ?? 0
  const heard = story.heard.get(channel) ?? []
  const seen = new Set<number>()
  let [duplicated, disordered, foreign, highest] = [0, 0, 0, 0]
  const gaps: { readonly at: number; readonly after: number }[] = []
  for (const entry of heard) {
    if ('gap' in entry) gaps.push({ at: entry.at, after: highest })
    else if (!Number.isInteger(entry.n) || entry.n < 1 || entry.n > last) foreign++
    else if (seen.has(entry.n)) duplicated++
    else {
      if (entry.n < highest) disordered++
      highest = Math.max(highest, entry.n)
      seen.add(entry.n)
    }
  }
  let [lost, silent, present] = [0, 0, 0]
  for (let n = 1; n <= last; n++) {
    if (seen.has(n)) present = n
    else {
      lost++
      // It was told where a gap stands behind the last event before it, and before the next one.
      if (!gaps.some(({ after }) => after === present)) silent++
    }
  }
  const explained = gaps.filter(({ at }, index) => {
    const before = gaps[index - 1]?.at ?? Number.NEGATIVE_INFINITY
    return losses.some((loss) => loss > before && loss <= at)
  })
  const ticks = heard.filter((entry) => 'n' in entry).length
  return {
    ...{ lost, silent, duplicated, disordered, foreign, events: ticks, gaps: gaps.length },
    unexplainedGaps: gaps.length - explained.length,
    untoldLosses: losses.filter((loss) => !gaps.some(({ at }) => at >= loss)).length,
    deaf: last === 0 || seen.has(last) ? 0 : 1,
    unfolded: Math.abs(ticks - story.folded(channel)),
  }
}

function judgeMutations(mutations: readonly Mutation[], applications: readonly Application[]) {
  const effects = new Map<number, Application[]>()
  for (const application of applications) {
    effects.set(application.n, [...(effects.get(application.n) ?? []), application])
  }
  const faults = {
    appliedTwice: 0,
    appliedAgain: 0,
    doneNotApplied: 0,
    failedButApplied: 0,
    pending: 0,
  }
  const counts = { mutations: mutations.length, rejected: 0, unknown: 0 }
  for (const { n, outcome } of mutations) {
    const applied = effects.get(n) ?? []
    const lives = applied.map(({ life }) => life)
    const again = applied.filter(({ life }, index) => lives.indexOf(life) !== index)
    if (again.length > 0) faults.appliedTwice++
    // An event in a history that was lost is no effect any more; what a handler did remains.
    else if (applied.length > 1 && applied[0]?.by === 'request') faults.appliedAgain++
    if (outcome === 'pending') faults.pending++
    else if (outcome === 'done') faults.doneNotApplied += applied.length === 0 ? 1 : 0
    else if (outcome.code === 'outcome-unknown') counts.unknown++
    else if (applied.length > 0) faults.failedButApplied++
    else counts.rejected++
  }
  return { faults, counts }
}

function judgeTurns(turns: Story['turns'], { blockades, silences, announced }: Background) {
  const recoveries: number[] = []
  const noticed: number[] = []
  const unnoticed = new Set(silences)
  let downAt: number | undefined
  for (const { at, up } of turns) {
    if (!up) {
      const silence = [...unnoticed].find(({ from, to }) => from <= at && at <= to)
      if (silence) {
        unnoticed.delete(silence)
        noticed.push(at - silence.from)
      }
      downAt = at
    } else if (downAt !== undefined) {
      const began = downAt
      const free = blockades.filter(({ to }) => to <= at).map(({ to }) => to)
      const sentAway = announced.some(({ from, to }) => began >= from && began <= to)
      if (!sentAway) recoveries.push(at - Math.max(began, ...free))
      downAt = undefined
    }
  }
  return { recoveries, noticed }
}

/** Several verdicts as one. */
export function total(verdicts: readonly Verdict[]): Verdict {
  return {
    faults: sumOf(verdicts.map(({ faults }) => faults)),
    counts: sumOf(verdicts.map(({ counts }) => counts)),
    recoveries: verdicts.flatMap(({ recoveries }) => recoveries),
    noticed: verdicts.flatMap(({ noticed }) => noticed),
  }
}

function sumOf(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
  }
  return sum
}
