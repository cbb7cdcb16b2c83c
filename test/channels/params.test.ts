import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, channelEvents, native, sync } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { channelName, channelWith } from 'wirefold/dialects'
import type { ScriptedServerOptions } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { identifyingDialect, wideDialect } from '../support/wide-dialect.ts'

function subscribed(dialect: DialectFactory, serving: Omit<ScriptedServerOptions, 'clock'> = {}) {
  const parts = scripted(serving, { dialect })
  const subscribes = () => parts.server.messages.filter(({ type }) => type === 'subscribe')
  return { ...parts, channels: new ChannelSubscriber(parts.client), subscribes }
}

/** The channel `room` with parameters, in intents and frames. */
const room = (params: unknown) => channelWith('room', params)

describe('parameters that identify a channel', () => {
  it('make one channel of equal parameters, and another one of others', async () => {
    const { clock, server, channels, subscribes } = subscribed(identifyingDialect)
    const received: unknown[] = []
    const hear = (name: string) => (payload: unknown) => received.push(name + payload)
    const first = channels.subscribe('room', hear('a'), {
      params: { limit: 5, by: { x: 1, y: 2 } },
    })
    channels.subscribe('room', hear('b'), { params: { by: { y: 2, x: 1 }, limit: 5 } })
    const other = channels.subscribe('room', hear('c'), { params: { limit: 6 } })
    channels.subscribe('room', hear('d'))
    await clock.advance(1)
    expect(subscribes()).toMatchObject([
      { name: 'room', params: { limit: 5, by: { x: 1, y: 2 } } },
      { name: 'room', params: { limit: 6 } },
      { name: 'room' },
    ])
    expect(channels.size).toBe(3)
    expect([first.channel, other.channel]).toEqual(['room', 'room'])
    const say = (via: string | undefined, payload: unknown) =>
      server.send({ type: 'note', channel: 'room', via, payload })
    say(room({ by: { x: 1, y: 2 }, limit: 5 }), 1)
    say(room({ limit: 6 }), 2)
    say(undefined, 3)
    await clock.advance(1)
    expect(received).toEqual(['a1', 'b1', 'c2', 'd3'])
    other()
    await clock.advance(300)
    expect(server.messages.at(-1)).toMatchObject({
      type: 'unsubscribe',
      payload: { channels: [room({ limit: 6 })] },
    })
    expect(channels.size).toBe(2)
  })

  it('are sent again, with the position, at every subscribe', async () => {
    const { clock, server, channels, subscribes } = subscribed(identifyingDialect)
    let calls = 0
    const params = () => ({ call: ++calls })
    const one = channels.subscribe('room', () => {}, { params })
    await clock.advance(1)
    server.drop()
    await clock.advance(1_000)
    one.renew()
    await clock.advance(1)
    expect(subscribes().map((message) => message.params)).toEqual([
      { call: 1 },
      { call: 1 },
      { call: 1 },
    ])
    expect(subscribes()[1]).toMatchObject({ payload: { since: [['e1', [room({ call: 1 }), 0]]] } })
    expect(calls).toBe(1)
  })

  it('are named by a text that gives the name', () => {
    for (const name of ['room', 'a b', 'presence:x/{"y":1}']) {
      expect(channelName(channelWith(name, { a: 1 }))).toBe(name)
      expect(channelName(name)).toBe(name)
    }
    const day = new Date(0)
    expect(channelWith('a', { day, none: undefined })).toBe(channelWith('a', { day: day.toJSON() }))
    expect(channelWith('a', [1, { b: 2, a: 1 }])).toBe(channelWith('a', [1, { a: 1, b: 2 }]))
    expect(channelWith('a', [1, 2])).not.toBe(channelWith('a', [2, 1]))
  })

  it('name the topic, and not the parameters, in errors', async () => {
    const { clock, channels } = subscribed(identifyingDialect, { refuse: () => 'forbidden' })
    const refused = outcomeOf(channels.subscribe('room', () => {}, { params: { a: 1 } }).ready)
    await clock.advance(1)
    expect(refused.error).toMatchObject({ message: 'The server refused room: forbidden' })
  })

  it('throw at the caller if JSON cannot represent them, and leave no channel behind', () => {
    const { channels } = subscribed(identifyingDialect)
    expect(() => channels.subscribe('room', () => {}, { params: { big: 1n } })).toThrow('BigInt')
    expect(channels.size).toBe(0)
  })

  it('reach the patterns of a backend without families', async () => {
    const { clock, server, channels } = subscribed(() => ({
      ...identifyingDialect(),
      capabilities: { ...native().capabilities, families: false },
    }))
    const received: unknown[] = []
    channels.subscribe('agent:*', (payload) => received.push(payload), { params: { a: 1 } })
    await clock.advance(1)
    server.send({ type: 'moved', channel: 'agent:7', payload: 'here' })
    await clock.advance(1)
    expect(received).toEqual(['here'])
  })
})

describe('parameters that accompany a subscribe', () => {
  const accompanying = () => wideDialect({ channelOf: (name) => name })

  it('are those given last, and a later handler does not subscribe by itself', async () => {
    const { clock, server, channels, subscribes } = subscribed(accompanying)
    const first = channels.subscribe('room', () => {}, { params: { token: 1 } })
    channels.subscribe('news', () => {})
    channels.subscribe('sport', () => {})
    await clock.advance(1)
    channels.subscribe('room', () => {}, { params: { token: 2 } })
    channels.subscribe('room', () => {})
    await clock.advance(1)
    // Channels without parameters share a message; one with parameters has its own.
    expect(subscribes().map(({ payload }) => payload)).toEqual([
      { channels: ['room'], params: { token: 1 } },
      { channels: ['news', 'sport'] },
    ])
    first.renew()
    await clock.advance(1)
    expect(subscribes().at(-1)).toMatchObject({ payload: { params: { token: 2 } } })
    server.drop()
    await clock.advance(1_000)
    expect(subscribes().slice(3)).toMatchObject([
      { payload: { since: [['e1', ['room', 0]]], params: { token: 2 } } },
      { payload: { since: [['e1', ['news', 0, 'sport', 0]]] } },
    ])
    expect(subscribes().at(-1)).not.toHaveProperty('payload.params')
  })

  it('are made by a function for each subscribe', async () => {
    const { clock, server, channels, subscribes } = subscribed(accompanying)
    let token = 'a'
    channels.subscribe('room', () => {}, { params: () => ({ token }) })
    await clock.advance(1)
    token = 'b'
    server.drop()
    await clock.advance(1_000)
    expect(subscribes().map(({ payload }) => payload)).toMatchObject([
      { params: { token: 'a' } },
      { params: { token: 'b' } },
    ])
  })

  it('refuse their channel alone if their function throws', async () => {
    const { clock, server, channels, errors } = subscribed(accompanying)
    const cause = new Error('signed out')
    let fails = false
    const params = () => {
      if (fails) throw cause
      return { token: 1 }
    }
    const reported: unknown[] = []
    const room = channels.subscribe('room', () => {}, {
      params,
      onError: (error) => reported.push(error),
    })
    const news = channels.subscribe('news', () => {})
    await clock.advance(1)
    fails = true
    server.drop()
    await clock.advance(1_000)
    expect([room.status.get().name, news.status.get().name]).toEqual(['refused', 'live'])
    expect(reported).toMatchObject([
      { code: 'handler-failed', detail: { where: 'params of room' }, cause },
    ])
    expect(errors).toEqual([])
  })

  it('pass through sync and channelEvents', async () => {
    const { clock, channels, subscribes } = subscribed(accompanying)
    sync(channels, 'list', {
      load: async () => ({ state: [] }),
      into: { reset() {}, fold() {} },
      params: { by: 'sync' },
    }).start()
    void channelEvents(channels, 'log', { params: { by: 'events' } })
      [Symbol.asyncIterator]()
      .next()
    await clock.advance(1)
    expect(subscribes().map(({ payload }) => payload)).toEqual([
      { channels: ['log'], params: { by: 'events' } },
      { channels: ['list'], params: { by: 'sync' } },
    ])
  })
})

describe('parameters that the backend does not take', () => {
  it('are refused at the call, and leave no channel behind', () => {
    const { channels } = subscribed(() => wideDialect({ channelOf: () => undefined }))
    expect(() => channels.subscribe('room', () => {}, { params: {} })).toThrow(
      'The native backend does not support the parameters of room.',
    )
    expect(channels.size).toBe(0)
  })

  it('are no parameters if they are undefined', async () => {
    const { clock, channels } = subscribed(() => wideDialect({ channelOf: () => undefined }))
    const one = channels.subscribe('room', () => {}, { params: undefined })
    await clock.advance(1)
    expect(one.status.get().name).toBe('live')
  })
})
