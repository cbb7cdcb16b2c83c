import type { Application } from './backend.ts'
import { CHANNELS } from './backend.ts'
import type { Span } from './driver.ts'

/** An entry in the record of a channel: a numbered event, or a gap. */
export type ChannelEntry =
  | { readonly at: number; readonly n: number }
  | { readonly at: number; readonly gap: true }

/** A mutation and the outcome for its sender. */
export interface Mutation {
  readonly n: number
  outcome: 'pending' | 'done' | { readonly code: string }
}

/** The record of one client in a run. */
export interface ClientRecord {
  readonly entries: ReadonlyMap<string, readonly ChannelEntry[]>
  /** Returns the number of folded events of a channel. */
  readonly folded: (channel: string) => number
  readonly mutations: readonly Mutation[]
  /** Number of reconnects. */
  readonly reconnects: number
  /** Changes between up (open, with all channels working) and down. */
  readonly turns: readonly { readonly at: number; readonly up: boolean }[]
  /** Number of events that were no tick, caused by corrupted bytes. */
  readonly foreign: number
  /** True if the client was up in the end. */
  readonly up: boolean
  /** Errors that the client reported. */
  readonly errors: readonly unknown[]
}

/** The events of a run around its clients. */
export interface Background {
  /** The number of the last event of each channel, counted from 1. */
  readonly published: ReadonlyMap<string, number>
  readonly applications: readonly Application[]
  /** Times at which the server lost its memory. */
  readonly losses: readonly number[]
  readonly blockades: readonly Span[]
  /** Periods in which connections were silent. */
  readonly silences: readonly Span[]
  /** Periods in which the server announced a reconnect window. */
  readonly announced: readonly Span[]
}

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>

/** The verdict on a run. */
export interface Verdict {
  /**
   * Counts that must be 0:
   *
   * - `lost`: published events that never arrived; `silent`: lost events without a gap at their position
   * - `duplicated`; `disordered`: events after one with a higher number
   * - `unexplainedGaps`: gaps without a loss of memory
   * - `unreportedLosses`: losses of memory without a gap on a channel
   * - `appliedTwice`: mutations that took effect more than once; `appliedAgain`: mutations whose second
   *   effect was on a server that had lost its memory
   * - `doneNotApplied`, `failedButApplied`: mutations whose outcome contradicts their effect
   * - `pending`: mutations without an outcome in the end
   * - `dead`: channels that did not work in the end, or did not receive the last event
   * - `unfolded`: events that were handled but not folded, or vice versa
   * - `foreign`: events that were never published
   * - `errors`: errors that clients reported
   */
  readonly faults: Counts
  /**
   * Number of `events`, `gaps`, `reconnects` and `mutations`. Of the mutations, `rejected` ones failed
   * without an effect; `unknown` ones failed with `outcome-unknown`.
   */
  readonly counts: Counts
  /**
   * Times from the disconnect, or from the moment at which connecting was possible again, to being up,
   * in milliseconds; without disconnects whose reconnect window the server announced.
   */
  readonly recoveries: readonly number[]
  /** Times from the silence of a connection to the client's being down, in milliseconds. */
  readonly noticed: readonly number[]
}

/** Judges the record of one client. */
export function judge(record: ClientRecord, background: Background): Verdict {
  const channels = CHANNELS.map((channel) => judgeChannel(channel, record, background))
  const sum = (name: keyof ReturnType<typeof judgeChannel>): number =>
    channels.reduce((total, channel) => total + channel[name], 0)
  const mutations = judgeMutations(record.mutations, background.applications)
  return {
    faults: {
      lost: sum('lost'),
      silent: sum('silent'),
      duplicated: sum('duplicated'),
      disordered: sum('disordered'),
      unexplainedGaps: sum('unexplainedGaps'),
      unreportedLosses: sum('unreportedLosses'),
      ...mutations.faults,
      dead: record.up ? sum('deaf') : CHANNELS.length,
      unfolded: sum('unfolded'),
      foreign: record.foreign + sum('foreign'),
      errors: record.errors.length,
    },
    counts: {
      events: sum('events'),
      gaps: sum('gaps'),
      ...mutations.counts,
      reconnects: record.reconnects,
    },
    ...judgeTurns(record.turns, background),
  }
}

function judgeChannel(channel: string, record: ClientRecord, { published, losses }: Background) {
  const last = published.get(channel) ?? 0
  const entries = record.entries.get(channel) ?? []
  const seen = new Set<number>()
  let [duplicated, disordered, foreign, highest] = [0, 0, 0, 0]
  const gaps: { readonly at: number; readonly after: number }[] = []
  for (const entry of entries) {
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
      // A gap must follow the last event before the lost one, and precede the next.
      if (!gaps.some(({ after }) => after === present)) silent++
    }
  }
  const explained = gaps.filter(({ at }, index) => {
    const before = gaps[index - 1]?.at ?? Number.NEGATIVE_INFINITY
    return losses.some((loss) => loss > before && loss <= at)
  })
  const ticks = entries.filter((entry) => 'n' in entry).length
  return {
    ...{ lost, silent, duplicated, disordered, foreign, events: ticks, gaps: gaps.length },
    unexplainedGaps: gaps.length - explained.length,
    unreportedLosses: losses.filter((loss) => !gaps.some(({ at }) => at >= loss)).length,
    deaf: last === 0 || seen.has(last) ? 0 : 1,
    unfolded: Math.abs(ticks - record.folded(channel)),
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
    // An event in a lost history is no effect any more; the effect of a handler remains.
    else if (applied.length > 1 && applied[0]?.by === 'request') faults.appliedAgain++
    if (outcome === 'pending') faults.pending++
    else if (outcome === 'done') faults.doneNotApplied += applied.length === 0 ? 1 : 0
    else if (outcome.code === 'outcome-unknown') counts.unknown++
    else if (applied.length > 0) faults.failedButApplied++
    else counts.rejected++
  }
  return { faults, counts }
}

function judgeTurns(turns: ClientRecord['turns'], { blockades, silences, announced }: Background) {
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
      const hasWindow = announced.some(({ from, to }) => began >= from && began <= to)
      if (!hasWindow) recoveries.push(at - Math.max(began, ...free))
      downAt = undefined
    }
  }
  return { recoveries, noticed }
}

/** Adds up several verdicts. */
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
