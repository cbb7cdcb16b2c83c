import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, channelScope } from 'wirefold'
import { scripted } from '../support/scripted.ts'

function parts() {
  const all = scripted()
  return { ...all, channels: new ChannelSubscriber(all.client) }
}

describe('a channel scope', () => {
  it('releases all its subscriptions at once, repeatedly if called so, on the existing connection', async () => {
    const { clock, server, channels } = parts()
    const received: unknown[] = []
    const bag = channelScope(channels)
    for (const name of ['a', 'b', 'c']) bag.subscribe(name, (payload) => received.push(payload))
    await clock.advance(1)
    bag.dispose()
    bag()
    server.publish('a', 'note', 1)
    await clock.advance(1_000)
    expect(received).toEqual([])
    expect([server.subscribed.size, server.transport.ends.length]).toEqual([0, 1])
  })

  it('releases a subscription that is added after its disposal', async () => {
    const { clock, server, channels } = parts()
    const bag = channelScope(channels)
    bag()
    bag.subscribe('a', () => {})
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('is released by a signal, or at the end of a using block', async () => {
    const { clock, server, channels } = parts()
    const controller = new AbortController()
    channelScope(channels, { signal: controller.signal }).subscribe('a', () => {})
    {
      using bag = channelScope(channels)
      bag.subscribe('b', () => {})
      await clock.advance(1)
      expect([...server.subscribed]).toEqual(['a', 'b'])
    }
    controller.abort()
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('does not release subscriptions of others', async () => {
    const { clock, server, channels } = parts()
    channels.subscribe('a', () => {})
    const bag = channelScope(channels)
    bag.subscribe('a', () => {})
    bag.subscribe('b', () => {})
    await clock.advance(1)
    bag()
    await clock.advance(1_000)
    expect([...server.subscribed]).toEqual(['a'])
  })

  it('serves as a component manager: a repeated start has no effect, and a restart works', async () => {
    const { clock, server, channels } = parts()
    const received: unknown[] = []
    const dashboard = {
      bag: undefined as ReturnType<typeof channelScope> | undefined,
      initialize() {
        if (this.bag) return
        this.bag = channelScope(channels)
        this.bag.subscribe('agent:1', (payload) => received.push(payload))
      },
      cleanup() {
        this.bag?.()
        this.bag = undefined
      },
    }
    dashboard.initialize()
    dashboard.initialize()
    await clock.advance(1)
    server.publish('agent:1', 'moved', 1)
    await clock.advance(1)
    dashboard.cleanup()
    dashboard.cleanup()
    dashboard.initialize()
    await clock.advance(1)
    server.publish('agent:1', 'moved', 2)
    await clock.advance(1)
    expect(received).toEqual([1, 2])
    expect(server.count('subscribe')).toBe(1)
  })
})
