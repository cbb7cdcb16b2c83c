import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { seeded } from 'wirefold/testing'
import { outcomeOf } from '../support/scripted.ts'
import { sleep } from './clocks.ts'
import { SteadyClock } from './steady-clock.ts'
import { TcpProxy } from './tcp-proxy.ts'

const DAY_MS = 24 * 3_600_000

/** A client, and a server behind a slow TCP link, with a clock twenty times faster than real time. */
async function link(bytesPerSecond: number, serve: (server: RealtimeServer) => void = () => {}) {
  const clock = new SteadyClock(20)
  const network = await TcpProxy.open(clock, seeded(1))
  const server = createRealtimeServer({
    clock,
    limits: { frameBytes: 1024 * 1024 },
    authorize: () => true,
    onError: () => {},
  })
  serve(server)
  await network.serve(server)
  const client = new RealtimeClient(network.url, {
    ...{ clock, transport: network.transport, requestTimeoutMs: DAY_MS },
    outbox: { ttlMs: DAY_MS },
  })
  await client.connect()
  network.weather.bytesPerSecond = bytesPerSecond
  const until = async (done: () => boolean): Promise<void> => {
    while (!done() && client.stats().reconnects === 0) await sleep(clock, 100)
  }
  const close = async (): Promise<void> => {
    client.close()
    await network.close()
    await server.close()
  }
  return { clock, network, server, client, until, close }
}

describe('a slow link', () => {
  it('transfers a reply of 1.5 MB at 40 kB/s without a reconnect', async () => {
    const { client, until, close } = await link(40_000, (server) =>
      server.handle('state', () => '"\u00e9\ud83d\ude00'.repeat(200_000)),
    )
    const outcome = outcomeOf(client.request('state'))
    await until(() => 'value' in outcome || 'error' in outcome)
    expect(outcome.value === '"\u00e9\ud83d\ude00'.repeat(200_000)).toBe(true)
    expect(client.stats().reconnects).toBe(0)
    await close()
  })

  it('transfers a request of 600 kB at 40 kB/s without a reconnect', async () => {
    const { client, until, close } = await link(40_000, (server) =>
      server.handle('save', (payload) => String(payload).length),
    )
    const outcome = outcomeOf(client.request('save', 'x'.repeat(600_000)))
    await until(() => 'value' in outcome || 'error' in outcome)
    expect([outcome, client.stats().reconnects]).toEqual([{ value: 600_000 }, 0])
    await close()
  })

  it('transfers 1.2 MB of queued events at 40 kB/s without a reconnect', async () => {
    const { server, client, until, close } = await link(40_000, (server) =>
      server.handle('echo', (payload) => payload),
    )
    const channels = new ChannelSubscriber(client)
    let received = 0
    await channels.subscribe('news', () => received++).ready
    for (let n = 0; n < 900; n++) await server.publish('news', 'note', 'x'.repeat(1_200))
    const outcome = outcomeOf(client.request('echo', 1))
    await until(() => received === 900 && 'value' in outcome)
    expect([outcome, client.stats().reconnects]).toEqual([{ value: 1 }, 0])
    await close()
  })

  it('transfers 1.2 MB of queued requests at 40 kB/s without a reconnect', async () => {
    const { client, until, close } = await link(40_000, (server) =>
      server.handle('save', (payload) => String(payload).length),
    )
    const all = Promise.all(
      Array.from({ length: 60 }, () => client.request('save', 'x'.repeat(20_000))),
    )
    const outcome = outcomeOf(all)
    await until(() => 'value' in outcome || 'error' in outcome)
    expect([outcome, client.stats().reconnects]).toEqual([{ value: Array(60).fill(20_000) }, 0])
    await close()
  })

  it('is closed within 10 s if it freezes during a large message, in either direction', async () => {
    for (const way of ['state', 'save'] as const) {
      const { clock, network, client, until, close } = await link(40_000, (server) => {
        server.handle('state', () => 'x'.repeat(1_500_000))
        server.handle('save', () => true)
      })
      client.request(way, way === 'save' ? 'x'.repeat(900_000) : undefined).catch(() => {})
      await sleep(clock, 12_000)
      expect(client.state.get().name).toBe('open')
      network.silence('both', false)
      const frozenAt = clock.now()
      await until(() => client.state.get().name !== 'open')
      expect(clock.now() - frozenAt).toBeLessThanOrEqual(10_200)
      await close()
    }
  })
})
