import { describe, expect, it } from 'vitest'
import type { ChannelManagerOptions, ChannelReceiver, User } from 'wirefold/server'
import { ChannelManager, MemoryBroker, nativeServer } from 'wirefold/server'
import { ManualClock, settle } from 'wirefold/testing'
import type { Message } from '../raw-client.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

/** Creates a stand-alone manager, and receivers that record the frames sent to them. */
function make(options: ChannelManagerOptions = {}) {
  const errors: unknown[] = []
  const manager = new ChannelManager({ onError: (error) => errors.push(error), ...options })
  const join = (id?: string) => {
    const received: Message[] = []
    const user: User | null = id === undefined ? null : { id }
    const receiver: ChannelReceiver = {
      dialect: nativeServer,
      user,
      send: (text) => received.push(JSON.parse(text)),
    }
    const subscribe = (...channels: string[]) =>
      manager.subscribe(receiver, { requestId: 's', channels })
    return { received, receiver, subscribe, take: () => received.splice(0) }
  }
  return { manager, errors, join }
}

describe('a stand-alone channel manager', () => {
  it('replies to a subscribe, then sends live events', async () => {
    const { manager, join } = make()
    const { receiver, subscribe, take } = join()
    await manager.publish('a', 'x', 0)
    await subscribe('a', 'b')
    expect(take()).toEqual([
      {
        type: 'subscribed',
        requestId: 's',
        payload: { at: { a: expect.any(Array), b: expect.any(Array) } },
      },
    ])
    await manager.publish('a', 'x', 1, { id: 'i' })
    await manager.publish('elsewhere', 'x', 2)
    expect(take()).toMatchObject([{ type: 'x', channel: 'a', offset: 2, id: 'i', payload: 1 }])
    expect(manager.members('a')).toEqual([receiver])
    expect(manager.channelsOf(receiver)).toEqual(['a', 'b'])
    expect([manager.size, manager.subscriptions]).toEqual([2, 2])
  })

  it('replays missed events on a resume, and sends nothing after leave()', async () => {
    const { manager, join } = make()
    const { receiver, subscribe, take } = join()
    await subscribe('a', 'b')
    await manager.unsubscribe(receiver, { requestId: 'u', channels: ['a'] })
    const { epoch } = await manager.publish('a', 'x', 1)
    expect(take()).toMatchObject([{ type: 'subscribed' }, { type: 'unsubscribed', requestId: 'u' }])
    const since = new Map([['a', { epoch, offset: 0 }]])
    await manager.subscribe(receiver, { requestId: 's', channels: ['a'], since })
    expect(take()).toMatchObject([{ type: 'subscribed' }, { channel: 'a', offset: 1 }])
    manager.leave(receiver)
    await manager.publish('a', 'x', 2)
    expect(take()).toEqual([])
    expect([manager.size, manager.channelsOf(receiver), manager.members('a')]).toEqual([0, [], []])
  })

  it('carries out the commands of one receiver in order', async () => {
    const gate = deferred<boolean>()
    const { manager, join } = make({ authorize: () => gate.promise })
    const { receiver, subscribe, received } = join()
    subscribe('a')
    manager.unsubscribe(receiver, { requestId: 'u', channels: ['a'] })
    expect(manager.pending(receiver)).toBeInstanceOf(Promise)
    gate.resolve(true)
    await manager.pending(receiver)
    expect(received.map(({ requestId }) => requestId)).toEqual(['s', 'u'])
    expect(manager.pending(receiver)).toBeUndefined()
    expect(manager.size).toBe(0)
  })

  it('returns a channel’s history', async () => {
    const { manager } = make()
    const { epoch } = await manager.publish('a', 'x', 1)
    await manager.publish('a', 'x', 2)
    const { events, head, complete } = await manager.history('a', { epoch, offset: 1 })
    expect(events.map(({ payload }) => payload)).toEqual([2])
    expect([head, complete]).toEqual([{ epoch, offset: 2 }, true])
  })

  it('calls authorize for each channel, and denies after 5 s without a result', async () => {
    const clock = new ManualClock()
    const authorize = (user: User | null, channel: string) =>
      channel === 'slow' ? new Promise<boolean>(() => {}) : channel === user?.id
    const { join, errors } = make({ clock, authorize })
    const { subscribe, take } = join('ada')
    subscribe('ada', 'bob', 'slow')
    await clock.advance(4_999)
    expect(take()).toEqual([])
    await clock.advance(1)
    expect(take()).toMatchObject([
      {
        payload: {
          at: { ada: expect.any(Array) },
          refused: { bob: 'forbidden', slow: 'forbidden' },
        },
      },
    ])
    expect(errors).toMatchObject([{ code: 'handler-failed' }])
  })

  it('calls canReceive for each event and receiver, and sends prev after filtered events', async () => {
    const { manager, join } = make({ canReceive: (user, _, { payload }) => payload === user?.id })
    const [ada, bob] = [join('ada'), join('bob')]
    for (const { subscribe, take } of [ada, bob]) {
      await subscribe('a')
      take()
    }
    for (const id of ['ada', 'ada', 'bob']) await manager.publish('a', 'x', id)
    expect(ada.take()).toMatchObject([{ offset: 1 }, { offset: 2 }])
    expect(bob.take()).toMatchObject([{ offset: 3, prev: 0 }])
  })

  it('accepts only the declared families', async () => {
    const { manager, join } = make({ families: ['agent'] })
    const { subscribe, take } = join()
    await subscribe('agent:*', 'other:*')
    expect(take()).toMatchObject([{ payload: { refused: { 'other:*': 'bad-channel' } } }])
    await manager.publish('agent:1', 'x')
    expect(take()).toMatchObject([{ channel: 'agent:1', via: 'agent:*', offset: 1 }])
  })

  it('accepts only channels that validateChannel accepts', async () => {
    const { manager, join, errors } = make({
      families: ['room'],
      validateChannel(name) {
        if (name === 'odd') throw new Error('odd')
        return name.startsWith('room:')
      },
    })
    const { subscribe, take } = join()
    await subscribe('room:1', 'room:*', 'lobby', 'odd')
    expect(take()).toMatchObject([
      {
        payload: {
          at: { 'room:1': expect.any(Array), 'room:*': expect.any(Array) },
          refused: { lobby: 'bad-channel', odd: 'bad-channel' },
        },
      },
    ])
    expect(errors).toMatchObject([{ code: 'handler-failed' }])
    await expect(manager.publish('lobby', 'x')).rejects.toMatchObject({ code: 'bad-channel' })
    await manager.publish('room:1', 'x')
  })

  it('publishes no event with an id that clients would ignore', async () => {
    const { manager } = make()
    await manager.publish('a', 'x', 1, { id: 'i'.repeat(160) })
    for (const id of ['i'.repeat(161), 7]) {
      const options = { id: id as string }
      await expect(manager.publish('a', 'x', 1, options)).rejects.toThrow(/id of the event "x"/)
    }
  })

  it('limits the channels of a receiver', async () => {
    const { join } = make({ limits: { subscriptions: 2 } })
    const { subscribe, take } = join()
    await subscribe('a', 'b', 'c')
    expect(take()).toMatchObject([{ payload: { refused: { c: 'subscription-limit' } } }])
  })

  it('closes the broker it created, but not one it was given', async () => {
    const broker = new MemoryBroker()
    const { manager } = make({ broker })
    const { epoch } = await manager.publish('a', 'x')
    await manager.close()
    expect(await broker.head('a')).toEqual({ epoch, offset: 1 })
    const own = make().manager
    await own.publish('a', 'x')
    await own.close()
    expect((await own.history('a', { epoch, offset: 0 })).head.offset).toBe(0)
  })

  it('replays missed events at the pace of the receiver', async () => {
    const { manager } = make()
    const { epoch } = await manager.publish('a', 'x', 1)
    for (const n of [2, 3]) await manager.publish('a', 'x', n)
    const received: number[] = []
    let gate = deferred<void>()
    const receiver: ChannelReceiver = {
      dialect: nativeServer,
      user: null,
      send: (text) => received.push(JSON.parse(text).offset ?? 0),
      drained: () => gate.promise,
    }
    const since = new Map([['a', { epoch, offset: 0 }]])
    const done = manager.subscribe(receiver, { requestId: 's', channels: ['a'], since })
    await settle()
    await manager.publish('a', 'x', 4)
    expect(received).toEqual([0])
    const first = gate
    gate = deferred<void>()
    first.resolve()
    await settle()
    expect(received).toEqual([0, 1])
    gate.resolve()
    await done
    expect(received).toEqual([0, 1, 2, 3, 4])
  })
})

describe('a revocation', () => {
  it('ends the subscription of all receivers of a user, and notifies them', async () => {
    const { manager, join } = make()
    const [ada, phone, bob] = [join('ada'), join('ada'), join('bob')]
    for (const { subscribe, take } of [ada, phone, bob]) {
      await subscribe('a', 'b')
      take()
    }
    expect(manager.revoke({ id: 'ada' }, 'a')).toBe(2)
    await manager.publish('a', 'x')
    await manager.publish('b', 'x')
    for (const { take } of [ada, phone]) {
      expect(take()).toMatchObject([
        { type: 'unsubscribed', channel: 'a', payload: { code: 'forbidden' } },
        { channel: 'b' },
      ])
    }
    expect(bob.take()).toMatchObject([{ channel: 'a' }, { channel: 'b' }])
    expect(manager.channelsOf(ada.receiver)).toEqual(['b'])
    expect(manager.revoke({ id: 'ada' }, 'a')).toBe(0)
  })

  it('ends the subscription of one receiver, with a code of the application', async () => {
    const { manager, join } = make()
    const [one, other] = [join('ada'), join('ada')]
    for (const { subscribe, take } of [one, other]) {
      await subscribe('a')
      take()
    }
    expect(manager.revoke(one.receiver, 'a', 'kicked')).toBe(1)
    expect(one.take()).toMatchObject([{ type: 'unsubscribed', payload: { code: 'kicked' } }])
    expect(manager.members('a')).toEqual([other.receiver])
    await one.subscribe('a')
    expect(manager.members('a')).toHaveLength(2)
  })

  it('overrides an authorize that is still pending', async () => {
    const gate = deferred<boolean>()
    const { manager, join } = make({ authorize: () => gate.promise })
    const { subscribe, take } = join('ada')
    const done = subscribe('a', 'b')
    await settle()
    manager.revoke({ id: 'ada' }, 'a', 'expired')
    gate.resolve(true)
    await done
    expect(take()).toMatchObject([
      {
        type: 'subscribed',
        payload: { at: { b: expect.any(Array) }, refused: { a: 'expired' } },
      },
    ])
    await manager.publish('a', 'x')
    expect(take()).toEqual([])
  })

  it('overrides a resume whose history is still being read', async () => {
    const broker = new MemoryBroker()
    const gate = deferred<void>()
    const since = broker.since.bind(broker)
    broker.since = async (channel, position) => {
      await gate.promise
      return since(channel, position)
    }
    const { manager, join } = make({ broker })
    const { receiver, take } = join('ada')
    const { epoch } = await manager.publish('a', 'x')
    const done = manager.subscribe(receiver, {
      requestId: 's',
      channels: ['a'],
      since: new Map([['a', { epoch, offset: 0 }]]),
    })
    await settle()
    expect(manager.revoke(receiver, 'a', 'expired')).toBe(1)
    gate.resolve()
    await done
    await manager.publish('a', 'x')
    expect(take()).toMatchObject([
      { type: 'unsubscribed', channel: 'a' },
      { type: 'subscribed', payload: { refused: { a: 'expired' } } },
    ])
    expect(manager.size).toBe(0)
  })
})

describe('a stand-alone channel manager with a presence subscriber', () => {
  it('removes members whose lease expired, until it is closed', async () => {
    const clock = new ManualClock()
    const broker = new MemoryBroker({ clock })
    const { manager, join } = make({ broker, clock })
    const { subscribe, take } = join()
    const member = { resource: 'r', userId: 'ada', name: 'Ada', device: 'd', owner: 'd' }
    const lease = { lastSeen: clock.wall(), ttlMs: 10_000 }
    await broker.presence.join({ ...member, meta: undefined }, lease)
    expect(clock.timers).toBe(0)
    await subscribe('presence:r')
    take()
    await clock.advance(9_999)
    expect(take()).toEqual([])
    await clock.advance(5_001)
    expect(take()).toMatchObject([{ type: 'presence:leave', payload: { user: { id: 'ada' } } }])
    await manager.close()
    expect(clock.timers).toBe(0)
  })
})

describe('a receiver that left while its subscribe was queued', () => {
  it('does not become a member, and authorize is not called', async () => {
    const calls: string[] = []
    const authorize = (_: User | null, channel: string) => calls.push(channel) > 0
    const { manager, join } = make({ authorize })
    const { receiver, subscribe, take } = join()
    const done = subscribe('a')
    manager.leave(receiver)
    await done
    expect([calls, take(), manager.size]).toEqual([[], [], 0])
  })
})

describe('a server’s channels', () => {
  it('include the subscriptions of its connections', async () => {
    const authenticate = ({ token }: { token: string | undefined }) =>
      token === undefined ? null : { id: token }
    const { server, url } = await serve({ authenticate })
    const client = await RawClient.greeted(url, { token: 'ada' })
    await client.subscribe('a')
    expect(server.channels.members('a').map(({ user }) => user)).toEqual([{ id: 'ada' }])
    expect(server.channels.revoke({ id: 'ada' }, 'a')).toBe(1)
    expect(await client.next('unsubscribed')).toMatchObject({ channel: 'a' })
    expect(server.stats().subscriptions).toBe(0)
    expect(server.connections()).toMatchObject([{ channels: [] }])
  })
})
