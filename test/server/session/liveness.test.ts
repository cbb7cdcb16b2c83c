import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { RegularPings, SilenceWatch, StaleSweep } from '../../../src/server/session/liveness.ts'

function watchOnManualClock() {
  const clock = new ManualClock()
  const calls: [string, number][] = []
  const record = (name: string) => () => calls.push([name, clock.now()])
  let seenAt = clock.now()
  const seen = () => {
    seenAt = clock.now()
  }
  const times = { pingMs: 15_000, timeoutMs: 30_000 }
  const peer = { seenAt: () => seenAt, ping: record('ping'), silent: record('silent') }
  return { clock, calls, seen, watch: new SilenceWatch(times, clock, peer) }
}

describe('the silence watch', () => {
  it('pings after 15 s of silence, and reports silence after 30 s', async () => {
    const { clock, calls, watch } = watchOnManualClock()
    watch.start()
    await clock.advance(29_999)
    expect(calls).toEqual([['ping', 15_000]])
    await clock.advance(60_000)
    expect(calls).toEqual([
      ['ping', 15_000],
      ['silent', 30_000],
    ])
    expect(clock.timers).toBe(0)
  })

  it('counts from the last sign of life', async () => {
    const { clock, calls, seen, watch } = watchOnManualClock()
    const start = clock.wall()
    watch.start()
    await clock.advance(14_000)
    seen()
    await clock.advance(16_000)
    seen()
    expect(watch.lastSeen).toBe(start + 30_000)
    await clock.advance(30_000)
    expect(calls).toEqual([
      ['ping', 29_000],
      ['ping', 45_000],
      ['silent', 60_000],
    ])
  })

  it('gives the last sign of life in whole milliseconds, which clients with integers can read', async () => {
    const { clock, seen, watch } = watchOnManualClock()
    const start = clock.wall()
    await clock.advance(1.4)
    seen()
    await clock.advance(7.7)
    expect(watch.lastSeen).toBe(start + 1)
  })

  it('never reports a peer that responds', async () => {
    const { clock, calls, seen, watch } = watchOnManualClock()
    watch.start()
    for (let n = 0; n < 100; n++) {
      await clock.advance(15_000)
      seen()
    }
    expect(calls).toHaveLength(100)
  })

  it('pings first if its own timer was late', async () => {
    const { clock, calls, seen, watch } = watchOnManualClock()
    watch.start()
    clock.sleep(100_000)
    await clock.advance(0)
    expect(calls).toEqual([['ping', 100_000]])
    seen()
    await clock.advance(29_999)
    expect(calls).toEqual([
      ['ping', 100_000],
      ['ping', 115_000],
    ])
  })

  it('has no timer before it starts and after it stops', async () => {
    const { clock, calls, seen, watch } = watchOnManualClock()
    seen()
    expect(clock.timers).toBe(0)
    watch.start()
    watch.start()
    expect(clock.timers).toBe(1)
    watch.stop()
    await clock.advance(100_000)
    expect([calls, clock.timers]).toEqual([[], 0])
  })
})

describe('regular pings', () => {
  function pingedPeer() {
    const clock = new ManualClock()
    const calls: [string, number][] = []
    const record = (name: string) => () => void calls.push([name, clock.now()])
    const peer = { seenAt: 0, ping: record('ping'), silent: record('silent') }
    const pings = new RegularPings({ everyMs: 30_000, timeoutMs: 60_000 }, clock, peer)
    return { clock, calls, peer, pings }
  }

  it('come every 30 s, also to a peer that is not idle, until they are stopped', async () => {
    const { clock, calls, peer, pings } = pingedPeer()
    pings.start()
    for (let second = 1; second <= 100; second++) {
      await clock.advance(1_000)
      peer.seenAt = clock.now()
    }
    expect(calls).toEqual([30_000, 60_000, 90_000].map((at) => ['ping', at]))
    pings.stop()
    expect(clock.timers).toBe(0)
  })

  it('end with the report of a peer that gave no sign of life for 60 s', async () => {
    const { clock, calls, pings } = pingedPeer()
    pings.start()
    await clock.advance(300_000)
    expect(calls).toEqual([
      ['ping', 30_000],
      ['silent', 60_000],
    ])
    expect(clock.timers).toBe(0)
  })

  it('come once more if their own timer was late, as after a suspension', async () => {
    const { clock, calls, pings } = pingedPeer()
    pings.start()
    clock.sleep(300_000)
    await clock.advance(0)
    expect(calls).toEqual([['ping', 300_000]])
  })
})

describe('the sweep of a server', () => {
  it('pings again after a suspension, if the peer answered the ping before', async () => {
    const clock = new ManualClock()
    const calls: string[] = []
    const peer = {
      seenAt: clock.now(),
      pingedAt: undefined as number | undefined,
      ping: () => calls.push('ping'),
      disconnect() {
        calls.push('disconnect')
        peers.clear()
      },
    }
    const peers = new Set([peer])
    const sweep = new StaleSweep(clock, 20_000, () => peers)
    sweep.start()
    await clock.advance(20_000)
    expect(calls).toEqual(['ping'])
    await clock.advance(1_000)
    peer.seenAt = clock.now()
    clock.sleep(300_000)
    await clock.advance(0)
    expect(calls).toEqual(['ping', 'ping'])
    await clock.advance(60_000)
    expect(calls).toEqual(['ping', 'ping', 'disconnect'])
    sweep.stop()
  })
})
