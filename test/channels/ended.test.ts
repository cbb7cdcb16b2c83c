import { describe, expect, it } from 'vitest'
import { bindList, ChannelSubscriber, channelEvents, sync } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { wideDialect } from '../support/wide-dialect.ts'

function subscribed() {
  const parts = scripted({}, { dialect: () => wideDialect() })
  const end = async (channel: string) => {
    parts.server.subscribed.delete(channel)
    parts.server.send({ type: 'ended', channel })
    await parts.clock.advance(1)
  }
  return { ...parts, channels: new ChannelSubscriber(parts.client), end }
}

describe('a channel that ends', () => {
  it('has a status of its own, gets no more events, and is not subscribed to again', async () => {
    const { clock, server, channels, errors, end } = subscribed()
    const received: unknown[] = []
    const news = channels.subscribe('news', (payload) => received.push(payload))
    await clock.advance(1)
    await end('news')
    expect(news.status.get()).toEqual({ name: 'ended' })
    server.send({ type: 'note', channel: 'news', payload: 'late' })
    server.drop()
    await clock.advance(5_000)
    server.send({ type: 'note', channel: 'news', payload: 'later' })
    await clock.advance(1)
    expect(news.status.get()).toEqual({ name: 'ended' })
    expect([received, errors, server.count('subscribe')]).toEqual([[], [], 1])
    await news.ready
  })

  it('starts anew with a later subscribe, for all its handlers', async () => {
    const { clock, server, channels, end } = subscribed()
    const received: unknown[] = []
    const first = channels.subscribe('news', (payload) => received.push(`a${payload}`))
    const statuses: string[] = []
    first.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    server.publish('news', 'note', 1)
    await clock.advance(1)
    await end('news')
    server.publish('news', 'note', 2)
    const second = channels.subscribe('news', (payload) => received.push(`b${payload}`))
    await clock.advance(1)
    await second.ready
    server.publish('news', 'note', 3)
    await clock.advance(1)
    expect(received).toEqual(['a1', 'a3', 'b3'])
    expect(statuses).toEqual(['pending', 'live', 'ended', 'pending', 'live'])
    expect(server.messages.at(-1)).toMatchObject({ payload: { channels: ['news'] } })
  })

  it('resolves a `ready` that is pending, and sends nothing when it is released', async () => {
    const { clock, server, client, channels } = subscribed()
    await Promise.all([client.connect(), clock.advance(1)])
    server.silent = true
    const news = channels.subscribe('news', () => {})
    const ready = outcomeOf(news.ready.then(() => 'ready'))
    await clock.advance(1)
    server.send({ type: 'ended', channel: 'news' })
    await clock.advance(1)
    expect(ready).toEqual({ value: 'ready' })
    news()
    await clock.advance(20_000)
    expect([server.count('unsubscribe'), channels.size]).toEqual([0, 0])
  })

  it('ends an iteration of its events after those that wait', async () => {
    const { clock, server, channels, end } = subscribed()
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const { payload } of channelEvents(channels, 'news')) seen.push(payload)
      seen.push('done')
    })()
    await clock.advance(1)
    server.publish('news', 'note', 1)
    server.send({ type: 'ended', channel: 'news' })
    await clock.advance(1)
    await loop
    expect(seen).toEqual([1, 'done'])
    await end('news')
    await clock.advance(1_000)
    expect(channels.size).toBe(0)
  })

  it('keeps the state of a sync, which is fetched anew when the channel starts anew', async () => {
    const { clock, server, channels, errors, end } = subscribed()
    const states: unknown[] = []
    let count = 0
    const list = sync(channels, 'list', {
      load: async () => ({ state: ++count }),
      into: { reset: (state) => states.push(state), fold: () => states.push('event') },
    })
    const statuses: string[] = []
    list.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    await end('list')
    expect([states, statuses]).toEqual([[1], ['idle', 'pending', 'live', 'ended']])
    const other = channels.subscribe('list', () => {})
    await clock.advance(1)
    await other.ready
    await clock.advance(1)
    expect(states).toEqual([1, 2])
    expect(statuses).toEqual(['idle', 'pending', 'live', 'ended', 'pending', 'live'])
    server.publish('list', 'note', 1)
    await clock.advance(1)
    expect([states.at(-1), errors]).toEqual(['event', []])
  })

  it('fetches the state of a sync where it ends before it was live, and anew when it starts', async () => {
    const { clock, server, channels, client, end } = subscribed()
    void client.connect()
    await clock.advance(1)
    server.silent = true
    const states: number[] = []
    let count = 0
    const list = sync(channels, 'list', {
      load: async () => ({ state: ++count }),
      into: { reset: (state) => states.push(state), fold: () => {} },
    })
    const statuses: string[] = []
    list.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    await end('list')
    expect([states, statuses]).toEqual([[1], ['idle', 'pending', 'ended']])
    server.silent = false
    channels.subscribe('list', () => {})
    await clock.advance(10)
    expect([states, statuses.at(-1)]).toEqual([[1, 2], 'live'])
  })

  it('that ends before its state was fetched lets the fetch finish', async () => {
    const { clock, channels, end } = subscribed()
    let loaded = (_: { state: readonly { id: number }[] }): void => {}
    const list = bindList<{ id: number }>(channels, 'list', {
      load: () =>
        new Promise((resolve) => {
          loaded = resolve
        }),
    })
    const ready = outcomeOf(list.ready.then(() => list.state.get()))
    await clock.advance(1)
    await end('list')
    expect(ready).toEqual({})
    loaded({ state: [{ id: 1 }] })
    await clock.advance(1)
    expect(ready).toEqual({ value: [{ id: 1 }] })
    expect(list.status.get()).toEqual({ name: 'ended' })
  })
})
