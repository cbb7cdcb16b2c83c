import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ConnectionState, createStore, type RealtimeClient } from 'wirefold'
import { Timeline } from '../../examples/document-page/model/timeline.ts'

const START_S = 1_700_000_000

describe('the timeline of a connection', () => {
  beforeEach(() => void vi.useFakeTimers({ now: START_S * 1_000 }))
  afterEach(() => void vi.useRealTimers())

  /** Starts a timeline of a client that is open; returns its samples, with seconds since the start. */
  function sampled() {
    const state = createStore<ConnectionState>({
      name: 'open',
      since: 0,
      attempt: 0,
      denied: false,
    })
    const stats = () => ({ lastRttMs: 20 }) as ReturnType<RealtimeClient['stats']>
    const timeline = new Timeline({ state, stats })
    timeline.start()
    const samples = () =>
      timeline.samples.get().map(({ at, ...sample }) => ({ at: at - START_S, ...sample }))
    return { timeline, samples }
  }

  it('has a sample every half second, with the edits per second since the one before', async () => {
    const { timeline, samples } = sampled()
    await vi.advanceTimersByTimeAsync(500)
    timeline.received()
    await vi.advanceTimersByTimeAsync(500)
    const open = { state: 'open', rttMs: 20 }
    expect(samples()).toEqual([
      { at: 0.5, ...open, perSecond: 0 },
      { at: 1, ...open, perSecond: 2 },
    ])
  })

  it('has a gap where the browser was stopped, and divides the edits by the real time', async () => {
    const { timeline, samples } = sampled()
    await vi.advanceTimersByTimeAsync(500)
    for (let edit = 0; edit < 15; edit++) timeline.received()
    vi.setSystemTime((START_S + 30) * 1_000)
    await vi.advanceTimersByTimeAsync(500)
    expect(samples().slice(1)).toEqual([
      { at: 1, rttMs: null, perSecond: null },
      { at: 30.5, state: 'open', rttMs: 20, perSecond: 0.5 },
    ])
  })
})
