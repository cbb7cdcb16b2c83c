import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, channelScope } from 'wirefold'
import { scripted } from '../support/scripted.ts'

const CYCLES = 10_000

describe('no timer, channel or request remains', () => {
  it('after ten thousand subscriptions that have ended', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    for (let n = 0; n < CYCLES; n++) {
      const controller = new AbortController()
      const off = channels.subscribe(`room:${n % 40}`, () => {}, { signal: controller.signal })
      off.ready.catch(() => {})
      if (n % 3 === 0) controller.abort()
      else off()
      if (n % 100 === 0) await clock.advance(50)
      if (n % 2_500 === 0) server.drop()
    }
    await clock.advance(20_000)
    expect(client.state.get().name).toBe('open')
    // One timer remains: the heartbeat.
    expect([channels.size, server.subscribed.size, clock.timers]).toEqual([0, 0, 1])
  })

  it('after ten thousand requests that were answered, refused, aborted or late', async () => {
    const { clock, client } = scripted({
      answer: (type) => {
        if (type === 'refused') throw new Error('no')
        return type === 'answered' ? 'ok' : undefined
      },
    })
    await Promise.all([client.connect(), clock.advance(1)])
    const kinds = ['answered', 'refused', 'late', 'aborted']
    let settled = 0
    for (let n = 0; n < CYCLES; n++) {
      const controller = new AbortController()
      const done = () => {
        settled++
      }
      client
        .request(kinds[n % 4] ?? '', n, { signal: controller.signal, timeoutMs: 100 })
        .then(done, done)
      if (n % 4 === 3) controller.abort()
      if (n % 500 === 0) await clock.advance(1)
    }
    await clock.advance(200)
    expect(settled).toBe(CYCLES)
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
    expect(clock.timers).toBe(1)
    client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })

  it('after a thousand views that were mounted and unmounted, on one connection', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    for (let n = 0; n < 1_000; n++) {
      const view = channelScope(channels)
      view.subscribe('dashboard', () => {})
      view.subscribe(`chat:${n % 3}`, () => {})
      await clock.advance(n % 7)
      view.dispose()
    }
    await clock.advance(1_000)
    // One timer remains: the heartbeat.
    expect([channels.size, server.subscribed.size, clock.timers]).toEqual([0, 0, 1])
    expect(server.transport.ends).toHaveLength(1)
    client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })
})
