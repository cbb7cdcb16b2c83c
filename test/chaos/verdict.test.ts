import { describe, expect, it } from 'vitest'
import { CHANNELS } from './backend.ts'
import type { Background, ChannelEntry, ClientRecord } from './verdict.ts'
import { judge } from './verdict.ts'

const n = (...numbers: number[]): ChannelEntry[] => numbers.map((n) => ({ at: n, n }))
const gap = (at: number): ChannelEntry => ({ at, gap: true })

/** Returns the verdict on a client with these entries for the busy channel, and no losses on others. */
function verdictOn(
  entries: readonly ChannelEntry[],
  more: Partial<ClientRecord & Background> = {},
) {
  const background: Background = {
    ...{ published: new Map([['busy', 6]]), applications: [], losses: [] },
    ...{ blockades: [], silences: [], announced: [], ...more },
  }
  const others = background.losses.map(gap)
  const record: ClientRecord = {
    entries: new Map([...CHANNELS.map((name) => [name, others] as const), ['busy', entries]]),
    folded: (channel) => (channel === 'busy' ? entries.filter((entry) => 'n' in entry).length : 0),
    ...{ mutations: [], reconnects: 0, turns: [], foreign: 0, up: true, errors: [], ...more },
  }
  const verdict = judge(record, background)
  const found = Object.entries(verdict.faults).filter(([, count]) => count > 0)
  return { ...verdict, found: Object.fromEntries(found) }
}

describe('the verdict', () => {
  it('reports no faults if everything is in order', () => {
    expect(verdictOn(n(1, 2, 3, 4, 5, 6)).found).toEqual({})
  })

  it('distinguishes lost, disordered, duplicated and foreign events', () => {
    expect(verdictOn(n(1, 2, 5, 6)).found).toEqual({ lost: 2, silent: 2 })
    expect(verdictOn(n(1, 2, 4, 3, 5, 6)).found).toEqual({ disordered: 1 })
    expect(verdictOn(n(1, 2, 3, 3, 4, 5, 6)).found).toEqual({ duplicated: 1 })
    expect(verdictOn(n(1, 2, 3, 4, 5, 6, 77)).found).toEqual({ foreign: 1 })
  })

  it('accepts a gap as the report of events missing at its position only', () => {
    const losses = [3]
    expect(verdictOn([...n(1, 2), gap(3), ...n(5, 6)], { losses }).found).toEqual({ lost: 2 })
    expect(verdictOn([...n(1, 2, 5), gap(5), ...n(6)], { losses }).found).toEqual({
      ...{ lost: 2, silent: 2 },
    })
    expect(verdictOn([...n(1, 2), gap(3)], { losses }).found).toEqual({ lost: 4, dead: 1 })
  })

  it('requires a gap for every loss of memory, and no others', () => {
    expect(verdictOn([...n(1, 2), gap(2), ...n(3, 4, 5, 6)]).found).toEqual({ unexplainedGaps: 1 })
    const losses = [1]
    expect(verdictOn([...n(1), gap(2), gap(3), ...n(2, 3, 4, 5, 6)], { losses }).found).toEqual({
      unexplainedGaps: 1,
    })
    expect(verdictOn(n(1, 2, 3, 4, 5, 6), { losses }).found).toEqual({ unreportedLosses: 1 })
  })

  it('compares the outcome of a mutation with its effect', () => {
    const mutations = [
      { n: 1, outcome: 'done' as const },
      { n: 2, outcome: 'done' as const },
      { n: 3, outcome: { code: 'request-timeout' } },
      { n: 4, outcome: { code: 'request-timeout' } },
      { n: 5, outcome: 'pending' as const },
      { n: 6, outcome: { code: 'outcome-unknown' } },
      { n: 7, outcome: 'done' as const },
      { n: 8, outcome: 'done' as const },
    ]
    const by = 'request' as const
    const applications = [
      ...[1, 1, 4, 6, 7].map((n) => ({ n, by, life: 0 })),
      { n: 7, by, life: 1 },
      ...[0, 1].map((life) => ({ n: 8, by: 'publish' as const, life })),
    ]
    const { found, counts } = verdictOn(n(1, 2, 3, 4, 5, 6), { mutations, applications })
    expect(found).toEqual({
      ...{ appliedTwice: 1, appliedAgain: 1, doneNotApplied: 1, failedButApplied: 1, pending: 1 },
    })
    expect(counts).toMatchObject({ mutations: 8, rejected: 1, unknown: 1 })
  })

  it('detects dead channels, unfolded events, and errors', () => {
    const entries = n(1, 2, 3, 4, 5, 6)
    expect(verdictOn(entries, { up: false }).found).toEqual({ dead: 3 })
    expect(verdictOn(n(1, 2, 3, 4, 5)).found).toEqual({ dead: 1, lost: 1, silent: 1 })
    expect(verdictOn(entries, { folded: () => 0 }).found).toEqual({ unfolded: 6 })
    expect(verdictOn(entries, { errors: [1], foreign: 2 }).found).toEqual({ errors: 1, foreign: 2 })
  })

  it('measures a recovery from the time at which it was possible', () => {
    const turns = [
      { at: 0, up: true },
      { at: 1_000, up: false },
      { at: 1_300, up: true },
      { at: 5_000, up: false },
      { at: 9_400, up: true },
      { at: 12_000, up: false },
      { at: 17_000, up: true },
    ]
    const { recoveries, noticed } = verdictOn([], {
      turns,
      blockades: [{ from: 4_000, to: 9_000 }],
      silences: [{ from: 4_000, to: 9_000 }],
      announced: [{ from: 12_000, to: 12_500 }],
    })
    expect(recoveries).toEqual([300, 400])
    expect(noticed).toEqual([1_000])
  })
})
