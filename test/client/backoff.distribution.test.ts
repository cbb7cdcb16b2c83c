import { describe, expect, it } from 'vitest'
import type { ConnectionState } from 'wirefold'
import { backoffDefaults, ChannelSubscriber } from 'wirefold'
import { backoffDelay } from '../../src/base/backoff.ts'
import type { ConnectionRules } from '../../src/connection/connection-state.ts'
import { transition } from '../../src/connection/connection-state.ts'
import { scripted } from '../support/scripted.ts'

const rules: ConnectionRules = {
  backoff: backoffDefaults,
  minUptimeMs: 2_000,
  fatalCloseCodes: [],
  deniedCloseCodes: [4401],
  retryAfter: undefined,
  authorizes: false,
}

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Reconnects of clients that were disconnected at time 0, in milliseconds. */
interface Comeback {
  /** The time of each connection attempt. */
  readonly attempts: readonly number[]
  /** The time at which each client connected to the server, which is back at `backAt`. */
  readonly returns: readonly number[]
}

function comeback(clients: number, backAt: number, random: () => number, code = 1006): Comeback {
  const attempts: number[] = []
  const returns = Array.from({ length: clients }, () => {
    let state: ConnectionState = { name: 'open', since: -60_000, attempt: 0, denied: false }
    let now = 0
    let lost = { code, reason: '' }
    while (true) {
      const drop = { name: 'dropped', now, online: true, random: random(), close: lost } as const
      state = transition(state, drop, rules)
      if (state.name !== 'waiting') throw new Error(`a client is ${state.name}`)
      now = state.retryAt
      attempts.push(now)
      if (now >= backAt) return now
      state = transition(state, { name: 'due' }, rules)
      lost = { code: 1006, reason: '' }
    }
  })
  const sorted = (times: readonly number[]) => [...times].sort((a, b) => a - b)
  return { attempts: sorted(attempts), returns: sorted(returns) }
}

/** Returns the time from `backAt` until this share of the clients is connected. */
function backAfter({ returns }: Comeback, share: number, backAt: number): number {
  return (returns[Math.ceil(returns.length * share) - 1] ?? Number.NaN) - backAt
}

/** Returns the largest number of entries of a sorted list within any window of this width. */
function busiest(times: readonly number[], width: number): number {
  let most = 0
  let from = 0
  times.forEach((time, to) => {
    while ((times[from] ?? 0) < time - width) from++
    most = Math.max(most, to - from + 1)
  })
  return most
}

describe('ten thousand clients that were disconnected at once', () => {
  const clients = 10_000
  for (const [backAt, share, p95] of [
    [0, 0.13, 1_000],
    [5_000, 0.05, 5_500],
    [30_000, 0.025, 10_000],
    [120_000, 0.025, 10_000],
  ] as const) {
    it(`spread their attempts over time if the server was away for ${backAt / 1_000} s`, () => {
      const story = comeback(clients, backAt, seeded(1))
      expect(busiest(story.returns, 100) / clients).toBeLessThanOrEqual(share)
      expect(backAfter(story, 0.95, backAt)).toBeLessThanOrEqual(p95)
    })
  }
})

describe('forty clients that were disconnected at once', () => {
  it('start at most twenty attempts in 250 ms, and far fewer after an announced restart', () => {
    const peaks = (code: number) =>
      [1, 2, 3, 4, 5]
        .map((seed) => busiest(comeback(40, 0, seeded(seed), code).returns, 250))
        .sort((a, b) => a - b)
    expect(peaks(1006)[4]).toBeLessThanOrEqual(20)
    const announced = peaks(1012)
    expect(announced[2]).toBeLessThanOrEqual(6)
    expect(announced[4]).toBeLessThanOrEqual(10)
  })
})

/** Time to connect and subscribe on loopback, on a busy machine. */
const HANDSHAKE_MS = 50

describe('forty clients that are reset for 8 s', () => {
  const backAt = 8_000
  const runs = Array.from({ length: 100 }, (_, seed) => comeback(40, backAt, seeded(seed + 1)))

  it('start at most twenty attempts in any 250 ms, and half are back in 2.5 s, in 95 of 100 runs', () => {
    const good = runs.filter((run) => {
      const median = backAfter(run, 0.5, backAt) + HANDSHAKE_MS
      return busiest(run.attempts, 250) <= 20 && median <= 2_500
    })
    expect(good.length).toBeGreaterThanOrEqual(95)
  })

  it('start at most five attempts each meanwhile, and are all back in 12.1 s', () => {
    for (const run of runs) {
      const dials = run.attempts.filter((at) => at < backAt).length
      expect(dials / 40).toBeLessThanOrEqual(5)
      expect(backAfter(run, 1, backAt) + HANDSHAKE_MS).toBeLessThanOrEqual(12_100)
    }
  })
})

describe('a client whose server is away briefly', () => {
  for (const [backAt, median, p95, worst] of [
    [0, 500, 900, 950],
    [500, 900, 1_200, 1_400],
    [6_000, 2_000, 6_000, 12_100],
  ] as const) {
    it(`reconnects soon after ${backAt} ms`, () => {
      const story = comeback(10_000, backAt, seeded(2))
      expect(backAfter(story, 0.5, backAt)).toBeLessThanOrEqual(median)
      expect(backAfter(story, 0.95, backAt)).toBeLessThanOrEqual(p95)
      expect(backAfter(story, 1, backAt) + HANDSHAKE_MS).toBeLessThanOrEqual(worst)
    })
  }
})

describe('the reconnect delay', () => {
  for (const uptimeMs of [0, 1, 100, 1_000]) {
    it(`grows as for failed attempts if the server closes ${uptimeMs} ms after its welcome`, async () => {
      const { clock, server, client } = scripted({}, { random: () => 0.999 })
      const waits: number[] = []
      client.on('opened', () => clock.after(uptimeMs, () => server.drop(1000)))
      client.state.listen((state) => {
        if (state.name === 'waiting') waits.push(Math.round(state.retryAt - clock.now()))
      })
      void client.connect()
      while (waits.length < 20) await clock.advance(100)
      const failed = waits.map((_, n) => Math.round(backoffDelay(n, backoffDefaults, 0.999)))
      expect(waits).toEqual(failed)
    })

    it(`ends after maxRetries if the server closes ${uptimeMs} ms after its welcome`, async () => {
      const { clock, server, client } = scripted({}, { backoff: { maxRetries: 10 } })
      client.on('opened', () => clock.after(uptimeMs, () => server.drop(1000)))
      client.on('failed', () => {})
      void client.connect()
      await clock.advance(120_000)
      expect(client.state.get().name).toBe('failed')
      expect(client.stats().reconnects).toBe(10)
    })
  }

  it('stays at the first value if the network resets every connection after 3 to 5 s', async () => {
    const random = seeded(1)
    const { clock, server, client } = scripted({}, { random: () => 0.999 })
    const waits: number[] = []
    client.state.listen((state) => {
      if (state.name === 'waiting') waits.push(state.retryAt - clock.now())
    })
    void client.connect()
    for (let n = 0; n < 20; n++) {
      await clock.advance(3_000 + random() * 2_000)
      server.drop()
      await clock.advance(0)
    }
    expect(waits).toHaveLength(20)
    expect(Math.max(...waits)).toBeCloseTo(backoffDelay(0, backoffDefaults, 0.999))
  })

  it('is at least as long as the server demands, in the close frame or in the preceding error', async () => {
    for (const [code, reason, refusal, least] of [
      [1013, '{"retryAfterMs":30000}', undefined, 30_000],
      [4429, '', { code: 'rate-limited', retryAfterMs: 7_000 }, 7_000],
      [1013, 'try later', undefined, 50],
      [1013, '{"retryAfterMs":1e99}', undefined, 600_000],
      [1013, '{"retryAfterMs":-5}', undefined, 50],
    ] as const) {
      const { clock, server, client } = scripted()
      await Promise.all([client.connect(), clock.advance(1)])
      if (refusal) server.send({ type: 'error', payload: refusal })
      await clock.advance(1)
      const now = clock.now()
      server.drop(code, reason)
      await clock.advance(1)
      const state = client.state.get()
      if (state.name !== 'waiting') throw new Error(state.name)
      expect(state.retryAt - now).toBeGreaterThanOrEqual(least)
      expect(state.retryAt - now).toBeLessThanOrEqual(least + 1_000)
    }
  })

  it('is spread over the window of a restart', async () => {
    for (const [reason, window] of [
      ['', 5_000],
      ['{"windowMs":60000}', 60_000],
    ] as const) {
      const { clock, server, client } = scripted({}, { random: () => 0.5 })
      await Promise.all([client.connect(), clock.advance(1)])
      const now = clock.now()
      server.drop(1012, reason)
      await clock.advance(0)
      expect(client.state.get()).toMatchObject({ retryAt: now + window / 2 })
    }
  })
})

describe('a client whose server restarts repeatedly', () => {
  it('holds no more timers, channels or handlers after a thousand reconnects', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    channels.subscribe('news', () => {})
    await clock.advance(10_000)
    const timers = clock.timers
    for (let n = 0; n < 1_000; n++) {
      server.drop()
      await clock.advance(6_000)
    }
    await clock.advance(20_000)
    expect(client.stats()).toMatchObject({ reconnects: 1_000, handlers: 1 })
    expect([clock.timers, channels.size, server.subscribed.size]).toEqual([timers, 1, 1])
  })
})
