import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { seeded } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

/** A client connected to a server that replies to every request. */
async function open(options: ClientOptions = {}) {
  const parts = scripted({ answer: (type: string) => type }, options)
  await Promise.all([parts.client.connect(), parts.clock.advance(1)])
  const { clock, server, client } = parts
  const wait = () => {
    const state = client.state.get()
    return state.name === 'waiting' ? state.retryAt - clock.now() : Number.NaN
  }
  return {
    ...parts,
    /** Resets the connection and refuses all others until the client waits for longer than `ms`. */
    async waitsFor(ms: number) {
      server.transport.refusing = true
      server.drop()
      await clock.advance(60_000)
      for (let n = 0; n < 6_000 && !(wait() > ms); n++) await clock.advance(10)
      server.transport.refusing = false
    },
    /** The time until the next attempt. */
    wait,
  }
}

/** Returns random numbers that are the same for the same seed. */
function chance(seed: number): () => number {
  const random = seeded(seed)
  return () => random.below(1_000_000) / 1_000_000
}

describe('a client with a pending request', () => {
  it('retries before the request times out, after 6 s of refused connections, with any seed', async () => {
    const lost: unknown[] = []
    for (let seed = 1; seed <= 200; seed++) {
      const { clock, server, client } = await open({ random: chance(seed) })
      server.transport.refusing = true
      server.drop()
      const outcome = outcomeOf(client.request('save'))
      await clock.advance(6_000)
      server.transport.refusing = false
      await clock.advance(4_000)
      if (outcome.value !== 'save') lost.push(outcome.error ?? 'nothing')
      client.close()
    }
    expect(lost).toEqual([])
  })

  it('shortens a long wait for a new request', async () => {
    const { clock, client, waitsFor, wait } = await open({ random: () => 0.9 })
    await waitsFor(10_500)
    const outcome = outcomeOf(client.request('save'))
    expect(wait()).toBeGreaterThanOrEqual(6_750)
    expect(wait()).toBeLessThanOrEqual(9_000)
    await clock.advance(9_500)
    expect(outcome).toEqual({ value: 'save' })
  })

  it('retries at a different time than the next client with the same deadline', async () => {
    const waits = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const { client, waitsFor, wait } = await open({ random: chance(seed) })
      await waitsFor(9_000)
      void client.request('save').catch(() => {})
      waits.add(Math.round(wait()))
      client.close()
    }
    expect(waits.size).toBeGreaterThan(15)
  })

  it('keeps its wait for a request that is volatile, or has too little time left', async () => {
    const { client, waitsFor, wait } = await open({ random: () => 0.9 })
    await waitsFor(10_500)
    const before = wait()
    void client.request('save', undefined, { timeoutMs: 2_000 }).catch(() => {})
    void client.request('save', undefined, { volatile: true }).catch(() => {})
    expect(wait()).toBe(before)
  })

  it('waits for as long as the server demands', async () => {
    for (const [code, reason] of [
      [1013, '{"retryAfterMs":30000}'],
      [1012, '{"windowMs":60000}'],
    ] as const) {
      const { clock, server, client, wait } = await open({ random: () => 0.9 })
      void client.request('save').catch(() => {})
      server.drop(code, reason)
      await clock.advance(0)
      const before = wait()
      expect(before).toBeGreaterThan(20_000)
      void client.request('save').catch(() => {})
      expect(wait()).toBe(before)
      client.close()
    }
  })

  it('keeps its wait if attempts are limited, since earlier attempts would use them up', async () => {
    const backoff = { initialMs: 20_000, jitter: 'none', maxRetries: 3 } as const
    const { clock, server, client, wait } = await open({ backoff })
    server.drop()
    await clock.advance(0)
    void client.request('save').catch(() => {})
    expect(wait()).toBe(12_000)
    client.close()
  })
})
