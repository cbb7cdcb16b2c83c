import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed, PresenceManager, sync } from 'wirefold'
import { channelWith } from 'wirefold/dialects'
import type { AnyCableOptions } from 'wirefold/dialects/actioncable'
import { anycable, anycablePresence, resourceOf } from 'wirefold/dialects/actioncable'
import { dialled } from '../../support/dialled.ts'
import { connect, until } from '../../support/live.ts'
import type { CableOptions } from '../../support/peers/cable.ts'
import { cableServer } from '../../support/peers/cable.ts'

const ROOM = channelWith('RoomChannel', { room: '1' })
const room = (id: string) => ({ params: { room: id } })

interface Task {
  readonly kind: 'task'
  readonly id: string
  readonly done: boolean
}

type Server = Awaited<ReturnType<typeof cableServer>>

/** A client of the server. */
function join(server: Server, options: AnyCableOptions = {}, more: ClientOptions = {}) {
  const dialect = anycable({ pongs: true, ...options })
  const { client, errors } = connect(server.url, { dialect, auth: () => 't-ana', ...more })
  return { client, errors, channels: new ChannelSubscriber(client, { lingerMs: 0 }) }
}

/** A client that follows room 1, and all that it receives there. */
async function following(options: CableOptions = {}) {
  const server = await cableServer({ pingMs: 50, ...options })
  const joined = join(server)
  const received: unknown[] = []
  const statuses: string[] = []
  const subscription = joined.channels.subscribe('RoomChannel', (n) => received.push(n), room('1'))
  subscription.status.subscribe((status) => {
    statuses.push(status.name === 'gap' ? `${status.reason} ${received.length}` : status.name)
  })
  await subscription.ready
  await pinged(server)
  return { server, received, statuses, subscription, ...joined }
}

const count = (server: Server, name: string) =>
  server.commands.filter(({ command }) => command === name).length

/** Waits until the client has answered two more pings: one may have been sent before. */
async function pinged(server: Server): Promise<void> {
  const before = count(server, 'pong')
  await until(() => expect(count(server, 'pong')).toBeGreaterThan(before + 1))
}

/** Cuts the connection, and lets the server do something before the client is back. */
async function away(server: Server, run: () => unknown): Promise<void> {
  const before = server.urls.length
  await server.cut()
  run()
  await until(() => expect(server.urls.length).toBeGreaterThan(before))
}

describe('a client of AnyCable', () => {
  it('receives what it missed in a cut, before later events, and restores its session', async () => {
    const { server, received, statuses } = await following()
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
    await away(server, () => {
      server.publish('1', 2)
      server.publish('1', 3)
    })
    await until(() => expect(received).toEqual([1, 2, 3]))
    server.publish('1', 4)
    await until(() => expect(received).toEqual([1, 2, 3, 4]))
    expect(server.urls.at(-1)).toContain('sid=sid-1')
    expect(count(server, 'subscribe')).toBe(1)
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('receives what it missed while the server was down and forgot its session', async () => {
    const { server, received, statuses } = await following()
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
    await server.kill()
    server.append('1', 2)
    await server.restart()
    await until(() => expect(received).toEqual([1, 2]))
    server.publish('1', 3)
    await until(() => expect(received).toEqual([1, 2, 3]))
    expect(count(server, 'subscribe')).toBe(2)
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('receives the first event of a stream that it missed', async () => {
    const { server, received, statuses } = await following()
    await away(server, () => server.publish('1', 1))
    await until(() => expect(received).toEqual([1]))
    expect(statuses.at(-1)).toBe('live')
  })

  it.each([
    [
      'no longer has its history',
      (server: Server) => {
        for (const n of [2, 3, 4, 5, 6, 7]) server.publish('1', n)
      },
    ],
    ['has begun a new epoch', (server: Server) => server.forget('1', 'e2')],
  ])('shows a gap before later events where the server %s', async (_, lose) => {
    const { server, received, statuses, subscription } = await following()
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
    await away(server, () => lose(server))
    await until(() => expect(statuses.at(-1)).toBe('history-lost 1'))
    server.publish('1', 8)
    await until(() => expect(received).toEqual([1, 8]))
    subscription.caughtUp()
    // From here on nothing is missing.
    await away(server, () => server.publish('1', 9))
    await until(() => expect(received).toEqual([1, 8, 9]))
    expect(statuses.at(-1)).toBe('live')
  })

  it('keeps a position for each stream behind a subscription', async () => {
    const { server, received } = await following({ streams: () => ['a', 'b'] })
    for (const name of ['a', 'b', 'b']) server.publish(name, `${name} before`)
    await until(() => expect(received).toHaveLength(3))
    await away(server, () => {
      server.publish('a', 'a missed')
      server.publish('b', 'b missed')
    })
    await until(() => expect(received).toHaveLength(5))
    expect(received).toEqual(['a before', 'b before', 'b before', 'a missed', 'b missed'])
  })

  it('receives an event that was overtaken before a cut, and the others once', async () => {
    const { server, received } = await following()
    server.publish('1', 1)
    server.append('1', 2)
    server.publish('1', 3)
    await until(() => expect(received).toEqual([1, 3]))
    await away(server, () => server.publish('1', 4))
    await until(() => expect(received).toEqual([1, 3, 2, 4]))
  })

  it('does not ask for an event that the server withheld', async () => {
    const { server, received } = await following()
    server.publish('1', 1)
    server.append('1', 2)
    server.publish('1', 3)
    await until(() => expect(received).toEqual([1, 3]))
    await pinged(server)
    await pinged(server)
    await away(server, () => server.publish('1', 4))
    await until(() => expect(received).toEqual([1, 3, 4]))
  })

  it('receives an event that overtakes the history after those before it, and once', async () => {
    const { server, received } = await following()
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
    await away(server, () => {
      server.append('1', 2)
      // Sent to the next connection before it asks for the history, which has it as well.
      const overtaking = server.append('1', 3)
      server.first(() => server.deliver('1', overtaking))
    })
    await until(() => expect(received).toEqual([1, 2, 3]))
    server.publish('1', 4)
    await until(() => expect(received).toEqual([1, 2, 3, 4]))
  })

  it('shows a gap where it was cut before it knew the time of the server', async () => {
    const server = await cableServer({ pingMs: 100_000 })
    const { channels } = join(server)
    const subscription = channels.subscribe('RoomChannel', () => {}, room('1'))
    await subscription.ready
    await away(server, () => server.publish('1', 1))
    await until(() => expect(subscription.status.get()).toMatchObject({ reason: 'history-lost' }))
  })

  it('leaves a room at the server that it left while it was away', async () => {
    const { server, channels, received } = await following()
    const other = channels.subscribe('RoomChannel', () => {}, room('2'))
    await other.ready
    await away(server, () => other())
    const unsubscribed = () => server.commands.filter(({ command }) => command === 'unsubscribe')
    await until(() =>
      expect(unsubscribed()).toEqual([
        { command: 'unsubscribe', identifier: '{"channel":"RoomChannel","room":"2"}' },
      ]),
    )
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
  })

  it('restores a session with the same credentials only', async () => {
    const server = await cableServer()
    const tokens = ['t-ana', 't-ana', 't-ben']
    const { channels } = join(server, {}, { auth: () => tokens.shift() ?? 't-ben' })
    await channels.subscribe('RoomChannel', () => {}, room('1')).ready
    await away(server, () => {})
    await until(() => expect(server.connections).toBe(1))
    await away(server, () => {})
    expect(server.urls).toEqual([
      '/cable?token=t-ana',
      '/cable?token=t-ana&sid=sid-1',
      '/cable?token=t-ben',
    ])
  })

  it('does not restore a session that the server has ended', async () => {
    const { server } = await following()
    server.announce({ type: 'disconnect', reason: 'remote', reconnect: true })
    await until(() => expect(server.urls).toHaveLength(2))
    expect(server.urls.at(-1)).toBe('/cable?token=t-ana')
  })

  it('subscribes anew where that is wanted, and receives what the channel sends at first', async () => {
    const { server, subscription } = await following()
    subscription.renew()
    await until(() => expect(count(server, 'subscribe')).toBe(2))
    expect(count(server, 'unsubscribe')).toBe(1)
    await subscription.ready
    await until(() => expect(subscription.status.get().name).toBe('live'))
  })

  it('whispers to the other clients of a channel', async () => {
    const { server, received } = await following()
    const { client, channels } = join(server, { whispers: ['typing'] }, { auth: () => 't-ben' })
    await channels.subscribe('RoomChannel', () => {}, room('1')).ready
    await client.publish(ROOM, 'typing', { who: 'ben' })
    await until(() => expect(received).toEqual([{ who: 'ben', type: 'typing' }]))
  })

  it('feeds a registry, and keeps a fetched state in step', async () => {
    const server = await cableServer({
      pingMs: 50,
      streams: ({ channel, room = channel }) => [String(room)],
    })
    const { channels } = join(server)
    const contexts = new ContextRegistry<Task>().keyed('task', ({ id }) => id)
    feed(channels, 'TaskChannel', contexts)
    const seen: unknown[] = []
    let loads = 0
    const stop = sync(channels, 'RoomChannel', {
      ...room('1'),
      load: async () => ({ state: ++loads }),
      into: {
        reset: (state) => seen.push(state),
        fold: (events) => seen.push(...events.map(({ payload }) => payload)),
      },
    }).start()
    await until(() => expect(seen).toEqual([1]))
    server.publish('1', 'a')
    await until(() => expect(seen).toEqual([1, 'a']))
    await pinged(server)
    await away(server, () => server.publish('1', 'b'))
    await until(() => expect(seen).toEqual([1, 'a', 'b']))
    expect(loads).toBe(1)
    stop()
    server.publish('TaskChannel', { kind: 'task', id: 't', done: true })
    await until(() => expect(contexts.slot('task').get('t')).toMatchObject({ done: true }))
  })
})

describe('presence at AnyCable', () => {
  const resource = resourceOf('RoomChannel', { room: '1' })

  /** A client of a user, with the names of those that it sees. */
  function user(server: Server, id: string) {
    const { channels, client } = join(
      server,
      { presence: anycablePresence(() => id) },
      { auth: () => `t-${id}` },
    )
    const presence = new PresenceManager(channels)
    return { channels, client, presence, seen: () => presence.of(resource).get() }
  }

  it('lists those who are there, with their data, without a subscription to the events', async () => {
    const server = await cableServer({ pingMs: 50 })
    const [ana, ben] = [user(server, 'ana'), user(server, 'ben')]
    const here = ana.presence.enter(resource, { name: 'Ana', mood: 'fine' })
    await here.ready
    let seen: readonly unknown[] = []
    ben.presence.of(resource).subscribe((users) => {
      seen = users.map(({ id, name, meta }) => ({ id, name, meta }))
    })
    await until(() =>
      expect(seen).toEqual([{ id: 'ana', name: 'Ana', meta: { name: 'Ana', mood: 'fine' } }]),
    )
    const there = ben.presence.enter(resource)
    await until(() => expect(seen).toHaveLength(2))
    here.update({ name: 'Anna' })
    await until(() =>
      expect(seen).toContainEqual({ id: 'ana', name: 'Anna', meta: { name: 'Anna' } }),
    )
    here()
    await until(() => expect(seen).toEqual([{ id: 'ben', name: undefined, meta: {} }]))
    there()
    await until(() => expect(seen).toEqual([]))
  })

  it('shares one subscription with the events, which lasts as long as one of them', async () => {
    const server = await cableServer({ pingMs: 50 })
    const { channels, presence } = user(server, 'ana')
    const received: unknown[] = []
    const stop = presence.of(resource).subscribe(() => {})
    const here = presence.enter(resource)
    const events = channels.subscribe('RoomChannel', (n) => received.push(n), room('1'))
    await Promise.all([here.ready, events.ready])
    server.publish('1', 1)
    await until(() => expect(received).toEqual([1]))
    expect(count(server, 'subscribe')).toBe(1)
    events()
    await until(() => expect(presence.of(resource).get()).toHaveLength(1))
    stop()
    here()
    await until(() => expect(count(server, 'unsubscribe')).toBe(1))
    expect(count(server, 'leave')).toBe(1)
  })

  it('is entered again after the server was killed, and missed events come with it', async () => {
    const server = await cableServer({ pingMs: 50 })
    const { channels, presence } = user(server, 'ana')
    const received: unknown[] = []
    let users: readonly unknown[] = []
    presence.of(resource).subscribe((seen) => {
      users = seen.map(({ id }) => id)
    })
    presence.enter(resource)
    const events = channels.subscribe('RoomChannel', (n) => received.push(n), room('1'))
    await events.ready
    server.publish('1', 1)
    await until(() => expect([received, users]).toEqual([[1], ['ana']]))
    await pinged(server)
    await server.kill()
    server.stream('1').present.clear()
    server.append('1', 2)
    await server.restart()
    await until(() => expect(received).toEqual([1, 2]))
    await until(() => expect(server.stream('1').present.size).toBe(1))
    expect(events.status.get().name).toBe('live')
  })

  it('has members whose ids are numbers', async () => {
    const { channels, client, clock, deliver } = dialled(anycable({ presence: anycablePresence() }))
    const users = new PresenceManager(channels).of(resource)
    users.subscribe(() => {})
    void client.connect()
    await clock.advance(1)
    await deliver({ type: 'welcome' })
    const message = (fields: object) => ({
      ...{ type: 'presence', identifier: resource, message: fields },
    })
    await deliver(message({ type: 'info', records: [{ id: 1, info: {} }] }))
    await deliver(message({ type: 'join', id: 2, info: {} }))
    expect(users.get().map(({ id }) => id)).toEqual(['1', '2'])
    await deliver(message({ type: 'leave', id: 1 }))
    expect(users.get().map(({ id }) => id)).toEqual(['2'])
  })

  it('is refused where the server rejects the room', async () => {
    const server = await cableServer()
    const { channels } = user(server, 'ana')
    const secret = `presence:${resourceOf('RoomChannel', { room: 'secret' })}`
    await expect(channels.subscribe(secret, () => {}).ready).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})
