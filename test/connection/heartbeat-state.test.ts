import { describe, expect, it } from 'vitest'
import type { HeartbeatState } from '../../src/connection/heartbeat-state.ts'
import {
  answerDeadlineMs,
  carried,
  heartbeatStart,
  nextTick,
  ponged,
  probed,
  ticked as tickedOnce,
} from '../../src/connection/heartbeat-state.ts'

const rules = { intervalMs: 25_000, timeoutMs: 10_000, patience: 1 }

/** A heartbeat that is ticked at its requested times, and a record of its pings and its end. */
class TickedHeartbeat {
  state: HeartbeatState = heartbeatStart(0, 0)
  now = 0
  readonly did: [number, 'ping' | 'dead'][] = []
  unansweredSince: number | undefined

  /** Ticks until `end`, with frames arriving every `everyMs` and pings answered after `rttMs`. */
  run(end: number, { everyMs = 0, rttMs }: { everyMs?: number; rttMs?: number } = {}): this {
    let lastFrame = this.now
    while (nextTick(this.state) <= end) {
      this.now = nextTick(this.state)
      let received = 0
      while (everyMs && lastFrame + everyMs <= this.now) {
        received++
        lastFrame += everyMs
      }
      this.tick(received)
      if (this.did.at(-1)?.[1] === 'dead') return this
      const sentAt = this.state.probe?.sentAt
      if (rttMs !== undefined && sentAt === this.now) {
        this.now += rttMs
        this.set(ponged(this.state, rttMs))
      }
    }
    return this
  }

  tick(received = 0, wall = this.now, lagMs = 0): void {
    const { now, unansweredSince, state } = this
    const since = state.probedAt ?? Number.NEGATIVE_INFINITY
    const isDue = unansweredSince !== undefined && unansweredSince > since
    const due = isDue ? unansweredSince : Number.POSITIVE_INFINITY
    this.set(tickedOnce(state, { now, wall, received, lagMs, unansweredSince: due }, rules))
  }

  carry(saidAt?: number): void {
    this.set(carried(this.state, this.now, rules, saidAt))
  }

  wake(): void {
    this.set(probed(this.state, this.now, rules))
  }

  set(state: HeartbeatState): void {
    const did = state.dead ? 'dead' : state.pings > this.state.pings && 'ping'
    this.state = state
    if (did) this.did.push([this.now, did])
  }
}

describe('a heartbeat', () => {
  it('pings 25 s after the last ping, regardless of received frames', () => {
    const idle = new TickedHeartbeat().run(76_000, { rttMs: 50 })
    expect(idle.did.map(([at]) => Math.round(at / 1_000))).toEqual([25, 50, 75])
    const busy = new TickedHeartbeat().run(76_000, { everyMs: 100, rttMs: 50 })
    expect(busy.did.map(([at]) => Math.round(at / 1_000))).toEqual([25, 50, 75])
  })

  it('detects a dead idle connection within the interval plus a deadline', () => {
    const { did } = new TickedHeartbeat().run(120_000)
    expect(did).toEqual([
      [25_000, 'ping'],
      [27_000, 'dead'],
    ])
  })

  it('detects within 10 s that events have stopped', () => {
    const ticked = new TickedHeartbeat().run(10_000, { everyMs: 200 })
    expect(ticked.did).toEqual([])
    ticked.run(60_000)
    expect(ticked.did.at(-1)?.[1]).toBe('dead')
    expect(ticked.now).toBeLessThanOrEqual(20_000)
  })

  it('probes once per silence', () => {
    const ticked = new TickedHeartbeat().run(10_000, { everyMs: 200 }).run(24_000, { rttMs: 40 })
    expect(ticked.did).toHaveLength(1)
    expect(ticked.state.probe).toBeUndefined()
  })

  it('does not probe after a usual silence', () => {
    const ticked = new TickedHeartbeat().run(24_000, { everyMs: 5_000, rttMs: 40 })
    expect(ticked.did).toEqual([])
  })

  it('detects within 10 s that a request is not answered, even if broadcasts arrive', () => {
    const ticked = new TickedHeartbeat().run(30_000, { everyMs: 100, rttMs: 40 })
    const requestedAt = ticked.now
    ticked.unansweredSince = requestedAt
    // Messages of the client are lost: no pong arrives, while events do.
    ticked.run(requestedAt + 60_000, { everyMs: 100 })
    expect(ticked.did.at(-1)?.[1]).toBe('dead')
    expect(ticked.now - requestedAt).toBeLessThanOrEqual(15_000)
  })

  it('waits longer for a slow pong while other frames arrive, up to the limit', () => {
    const ticked = new TickedHeartbeat().run(25_000, { everyMs: 500 })
    expect(ticked.did.at(-1)).toEqual([25_000, 'ping'])
    ticked.run(60_000, { everyMs: 500 })
    expect(ticked.did.at(-1)).toEqual([35_000, 'dead'])
  })

  it('accepts a reply to a later message as a pong, but not to an earlier one', () => {
    const ticked = new TickedHeartbeat().run(25_000)
    ticked.now = 25_500
    ticked.carry(24_000)
    expect(ticked.state.probe).toBeDefined()
    ticked.carry(25_000)
    expect(ticked.state.probe).toBeUndefined()
  })

  it('measures round trips as in RFC 6298, with a timeout from 2 to 10 s', () => {
    const ticked = new TickedHeartbeat()
    const pong = (rtt: number) => ticked.set(ponged(ticked.state, rtt))
    pong(100)
    expect(ticked.state).toMatchObject({ srttMs: 100, rttvarMs: 50, lastRttMs: 100 })
    pong(180)
    expect(ticked.state).toMatchObject({ srttMs: 110, rttvarMs: 57.5, lastRttMs: 180 })
    expect(answerDeadlineMs(ticked.state, rules)).toBe(2_000)
    for (let n = 0; n < 50; n++) pong(3_000)
    expect(answerDeadlineMs(ticked.state, rules)).toBeGreaterThan(2_999)
    for (let n = 0; n < 50; n++) pong(n % 2 ? 100 : 9_000)
    expect(answerDeadlineMs(ticked.state, rules)).toBe(10_000)
  })

  it('keeps the connection in half an hour of timers that fire once a minute', () => {
    const ticked = new TickedHeartbeat()
    for (let minute = 1; minute <= 30; minute++) {
      ticked.now = minute * 60_000
      ticked.tick(0)
      if (ticked.state.probe) ticked.set(ponged(ticked.state, 80))
    }
    expect(ticked.did.filter(([, command]) => command === 'dead')).toEqual([])
    expect(ticked.did.length).toBeLessThanOrEqual(30)
  })

  it('detects a dead peer even then, at the second tick', () => {
    const ticked = new TickedHeartbeat()
    const dead = () => ticked.did.some(([, command]) => command === 'dead')
    for (let minute = 1; minute <= 5 && !dead(); minute++) {
      ticked.now = minute * 60_000
      ticked.tick()
    }
    expect(ticked.now).toBe(120_000)
  })

  it('probes once with 2 s when the machine slept, detected by either clock', () => {
    for (const [now, wall] of [
      [8 * 3_600_000, 8 * 3_600_000],
      [6_000, 8 * 3_600_000],
    ] as const) {
      const ticked = new TickedHeartbeat().run(5_000)
      ticked.now = now
      ticked.tick(0, wall)
      expect(ticked.did).toEqual([[now, 'ping']])
      ticked.now = nextTick(ticked.state)
      while (ticked.did.length < 2) {
        ticked.tick(0, wall + ticked.now - now)
        ticked.now = nextTick(ticked.state)
      }
      expect(ticked.did.at(-1)).toEqual([now + 2_000, 'dead'])
    }
  })

  it('keeps the timeout of slow replies after the wall clock was set forward', () => {
    const ticked = new TickedHeartbeat()
    ticked.set(ponged(ticked.state, 3_000))
    ticked.run(5_000)
    ticked.now = nextTick(ticked.state)
    ticked.tick(0, ticked.now + 3_600_000)
    expect(ticked.state.probe?.deadline).toBeGreaterThan(ticked.now + 3_000)
    ticked.wake()
    expect(ticked.state.probe?.deadline).toBeGreaterThan(ticked.now + 3_000)
  })

  it('probes once more if the machine slept during a probe', () => {
    const ticked = new TickedHeartbeat().run(25_000)
    ticked.now = 27_000
    ticked.tick(0, 27_000 + 3_600_000)
    expect(ticked.did.at(-1)).toEqual([27_000, 'ping'])
  })

  it('probes again if a deadline passed without a tick', () => {
    const ticked = new TickedHeartbeat().run(25_000)
    ticked.now = 25_000 + 6_000
    ticked.tick()
    expect(ticked.did.at(-1)).toEqual([31_000, 'ping'])
    ticked.run(40_000)
    expect(ticked.did.at(-1)).toEqual([33_000, 'dead'])
  })

  it('probes with 2 s when the page becomes visible or the network is back', () => {
    const ticked = new TickedHeartbeat().run(5_000)
    ticked.wake()
    ticked.run(20_000)
    expect(ticked.did).toEqual([
      [5_000, 'ping'],
      [7_000, 'dead'],
    ])
  })

  it('does not probe if the wall clock was set back, or slightly forward', () => {
    for (const shift of [-3_600_000, 9_000]) {
      const ticked = new TickedHeartbeat().run(5_000)
      ticked.now = nextTick(ticked.state)
      ticked.tick(0, ticked.now + shift)
      expect(ticked.did).toEqual([])
    }
  })

  it('waits while a slow link transfers a large message, and detects within 10 s that it stopped', () => {
    for (const saidAt of [undefined, 0]) {
      const ticked = new TickedHeartbeat().run(25_000)
      for (ticked.now = 26_000; ticked.now < 90_000; ticked.now += 1_000) {
        ticked.carry(saidAt)
        ticked.tick()
      }
      expect(ticked.did).toEqual([[25_000, 'ping']])
      const stopped = ticked.now - 1_000
      ticked.run(120_000)
      expect(ticked.did.at(-1)?.[1]).toBe('dead')
      expect(ticked.now - stopped).toBeLessThanOrEqual(10_000)
    }
  })

  it('waits for a pong as long as the events before it were delayed', () => {
    const ticked = new TickedHeartbeat().run(25_000)
    // Events that the server sent before it received the ping arrive for another 30 s.
    for (ticked.now = 26_000; ticked.now <= 55_000; ticked.now += 1_000) {
      ticked.tick(10, ticked.now, ticked.now - 24_000)
    }
    expect(ticked.did).toEqual([[25_000, 'ping']])
    // Later events without a pong mean that messages of the client are lost.
    for (; ticked.did.length < 2; ticked.now += 1_000) ticked.tick(10)
    expect(ticked.did.at(-1)?.[1]).toBe('dead')
  })

  it('does not use the round trip behind a large transfer as a measurement', () => {
    const ticked = new TickedHeartbeat().run(25_000)
    ticked.now = 26_000
    ticked.carry()
    ticked.set(ponged(ticked.state, 6_000))
    expect(ticked.state).toMatchObject({ srttMs: undefined, probe: undefined })
  })

  it('multiplies the timeout of a ping by the patience, but starts it as early', () => {
    const ticked = new TickedHeartbeat()
    const patiently = { ...rules, patience: 3 }
    const state = probed(ticked.state, 0, patiently)
    expect(state.probe?.deadline).toBe(6_000)
    const most = answerDeadlineMs(state, { ...rules, patience: 10_000 })
    expect(most).toBe(80_000)
  })
})
