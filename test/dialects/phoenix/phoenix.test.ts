import { describe, expect, it, vi } from 'vitest'
import type { ClientOptions } from 'wirefold'
import {
  bindList,
  ChannelSubscriber,
  ContextRegistry,
  feed,
  OptimisticManager,
  PresenceManager,
} from 'wirefold'
import { type PhoenixOptions, phoenix, withBinary } from 'wirefold/dialects/phoenix'
import { connect, until } from '../../support/live.ts'
import { eventsOn, phoenixRooms } from '../../support/peers/phoenix-rooms.ts'

const track: PhoenixOptions['track'] = (action, meta) =>
  action === 'leave' ? ['untrack'] : ['track', meta]

/** A client of the rooms, as `ana` if not said otherwise. */
function member(url: string, options: ClientOptions = {}) {
  const { client, errors } = connect(url, {
    dialect: phoenix({ track }),
    auth: () => 't-ana',
    ...options,
  })
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  return { client, errors, channels, presence: new PresenceManager(channels, { throttleMs: 0 }) }
}

/** Subscribes; returns the events and the statuses seen. */
function follow(channels: ChannelSubscriber, topic: string, params?: unknown) {
  const seen: unknown[] = []
  const statuses: string[] = []
  const subscription = channels.subscribe(
    topic,
    (payload, { type }) => seen.push([type, payload]),
    params === undefined ? {} : { params },
  )
  subscription.status.subscribe(({ name }) => statuses.push(name))
  return { subscription, seen, statuses }
}

describe('a client of Phoenix Channels', () => {
  it('joins with its parameters, and gets the response as an event', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels } = member(url)
    const { subscription, seen } = follow(channels, 'room:1', { last_seen: 7 })
    await subscription.ready
    expect(peer.attempts).toEqual(['/socket/websocket?vsn=2.0.0&token=t-ana'])
    expect(eventsOn(peer, 'room:1')).toEqual([['phx_join', { last_seen: 7 }]])
    await until(() => expect(seen).toEqual([['phx_join', { as: 'ana', last: 7 }]]))
  })

  it('authenticates by a subprotocol', async () => {
    const { peer, url } = await phoenixRooms()
    const token = btoa('t-ben').replaceAll('=', '')
    const auth = () => ({ protocols: ['phoenix', `base64url.bearer.phx.${token}`] })
    const { channels } = member(url, { auth })
    await channels.subscribe('room:1', () => {}).ready
    expect(peer.joinsOf('room:1')).toMatchObject([{ user: 'ben' }])
  })

  it('asks for credentials before each attempt while the upgrade is refused', async () => {
    const { peer, url } = await phoenixRooms()
    const tokens = ['nope', 'nope', 't-ana']
    const { client, channels } = member(url, { auth: () => tokens.shift() ?? 't-ana' })
    await channels.subscribe('room:1', () => {}).ready
    expect(client.state.get().name).toBe('open')
    expect(peer.attempts).toHaveLength(3)
  })

  it('rejects a refused join with the reason, and does not send it again', async () => {
    const { peer, url } = await phoenixRooms()
    const { client, channels } = member(url)
    const { subscription, statuses } = follow(channels, 'secret:1')
    await expect(subscription.ready).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('unauthorized'),
      detail: { retryable: false, details: { reason: 'unauthorized' } },
    })
    peer.cut()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    await channels.subscribe('room:1', () => {}).ready
    expect(eventsOn(peer, 'secret:1')).toEqual([['phx_join', {}]])
    expect(statuses).toEqual(['pending', 'refused'])
  })

  it('sends requests, and gets replies and refusals', async () => {
    const { url } = await phoenixRooms()
    const { client, channels } = member(url)
    const { seen } = follow(channels, 'room:1')
    const on = { channel: 'room:1' }
    await expect(client.request('shout', { text: 'hello' }, on)).resolves.toEqual({ n: 1 })
    expect(seen).toContainEqual(['shout', { text: 'hello', by: 'ana' }])
    await expect(client.request('divide', { a: 9, b: 3 }, on)).resolves.toEqual({ q: 3 })
    await expect(client.request('divide', { a: 1, b: 0 }, on)).rejects.toMatchObject({
      code: 'division-by-zero',
      detail: { details: { reason: 'division by zero' } },
    })
    await expect(client.request('nonsense', {}, on)).rejects.toMatchObject({ code: 'refused' })
    await expect(client.request('silent', {}, { ...on, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'request-timeout',
    })
    await expect(client.request('shout', {}, { channel: 'room:2' })).rejects.toMatchObject({
      code: 'unmatched-topic',
    })
    await expect(client.request('shout', {})).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('publishes without waiting for a reply', async () => {
    const { url } = await phoenixRooms()
    const { client, channels } = member(url)
    const { subscription, seen } = follow(channels, 'room:1')
    await subscription.ready
    await client.publish('room:1', 'silent', { n: 1 })
    await client.publish('room:1', 'shout', { text: 'hi' })
    await until(() => expect(seen).toContainEqual(['shout', { text: 'hi', by: 'ana' }]))
  })

  it('joins again after a crash, and the channel has a gap', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels } = member(url)
    const { subscription, seen, statuses } = follow(channels, 'room:1', { last_seen: 7 })
    await subscription.ready
    peer.end('room:1', 'phx_error')
    await until(() => expect(statuses).toEqual(['pending', 'live', 'recovering', 'gap']))
    expect(peer.joinsOf('room:1')).toMatchObject([{ params: { last_seen: 7 } }])
    peer.broadcast('room:1', 'news', { n: 3 })
    await until(() => expect(seen.at(-1)).toEqual(['news', { n: 3 }]))
  })

  it('ends a gap with the response to the join where that holds the state', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels } = member(url, { dialect: phoenix({ snapshots: ['phx_join'] }) })
    const { subscription, statuses } = follow(channels, 'room:1')
    await subscription.ready
    peer.end('room:1', 'phx_error')
    await until(() => expect(statuses).toEqual(['pending', 'live', 'recovering', 'gap', 'live']))
  })

  it('ends with a topic that the server closes, and does not join it again', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels } = member(url)
    const { subscription, statuses } = follow(channels, 'room:1')
    await subscription.ready
    peer.end('room:1', 'phx_close')
    await until(() => expect(statuses).toEqual(['pending', 'live', 'ended']))
    await channels.subscribe('room:2', () => {}).ready
    expect(eventsOn(peer, 'room:1')).toHaveLength(1)
  })

  it('drops the messages of a join that was replaced', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels } = member(url)
    const { subscription, seen, statuses } = follow(channels, 'quiet', { n: 1 })
    await subscription.ready
    const [old] = peer.joinsOf('quiet')
    subscription.renew()
    await until(() => expect(peer.joinsOf('quiet')[0]?.joinRef).not.toBe(old?.joinRef))
    // The close of the first join follows the reply to the second.
    old?.push('news', { n: 'old' })
    peer.joinsOf('quiet')[0]?.push('news', { n: 'new' })
    await until(() => expect(seen).toEqual([['news', { n: 'new' }]]))
    expect(statuses).not.toContain('ended')
  })

  it('leaves a topic without an end of its own', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels, client } = member(url)
    const { subscription, statuses } = follow(channels, 'room:1')
    await subscription.ready
    subscription()
    await until(() => expect(peer.joinsOf('room:1')).toEqual([]))
    await client.request('shout', {}, { channel: 'room:1' }).catch(() => {})
    expect(statuses).not.toContain('ended')
    expect(channels.size).toBe(0)
  })

  it('reconnects after the server was killed, and everything continues', async () => {
    const { peer, url } = await phoenixRooms()
    const { client, channels, presence } = member(url)
    const { subscription, seen, statuses } = follow(channels, 'room:1', { last_seen: 7 })
    const users: unknown[] = []
    presence.of('room:1').subscribe((list) => users.push(list.map(({ id }) => id)))
    await presence.enter('room:1', { typing: false }).ready
    await subscription.ready
    await until(() => expect(users.at(-1)).toEqual(['ana']))
    await peer.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    const waiting = client.request('divide', { a: 8, b: 2 }, { channel: 'room:1' })
    await peer.listen()
    await expect(waiting).resolves.toEqual({ q: 4 })
    await until(() => expect(statuses).toEqual(['pending', 'live', 'recovering', 'gap']))
    await until(() =>
      expect(peer.presences('room:1')).toMatchObject({ ana: { metas: [{ typing: false }] } }),
    )
    peer.broadcast('room:1', 'news', { n: 4 })
    await until(() => expect(seen.at(-1)).toEqual(['news', { n: 4 }]))
    expect(users.at(-1)).toEqual(['ana'])
  })

  it('gives up a server that answers no heartbeat', async () => {
    const { peer, url } = await phoenixRooms()
    const heartbeat = { intervalMs: 1_000, timeoutMs: 100 }
    const { channels, client } = member(url, { heartbeat })
    await channels.subscribe('room:1', () => {}).ready
    peer.answersHeartbeats = false
    await until(() => expect(client.state.get().name).not.toBe('open'))
    peer.answersHeartbeats = true
    await until(() => expect(peer.joinsOf('room:1')).toHaveLength(1))
  })
})

describe('the presence of Phoenix', () => {
  it('shows the users of a topic with their devices, and their changes', async () => {
    const { peer, url } = await phoenixRooms()
    const ana = member(url)
    const users = ana.presence.of('lobby')
    users.subscribe(() => {})
    await until(() => expect(users.get().map(({ id }) => id)).toEqual(['ana']))
    const changes: unknown[] = []
    ana.presence.on('changed', ({ kind, user }) => changes.push([kind, user.id]))
    const ben = member(url, { auth: () => 't-ben' })
    follow(ben.channels, 'lobby', { device: 'phone' })
    await until(() => expect(users.get().map(({ id }) => id)).toEqual(['ana', 'ben']))
    const { client } = ben
    await client.request('status', { status: 'away' }, { channel: 'lobby' })
    await until(() =>
      expect(users.get()[1]).toMatchObject({
        id: 'ben',
        meta: { device: 'phone', status: 'away' },
        devices: [{ id: 'F103', meta: { device: 'phone', status: 'away' } }],
      }),
    )
    const second = member(url, { auth: () => 't-ben' })
    follow(second.channels, 'lobby', { device: 'web' })
    await until(() => expect(users.get()[1]?.devices).toHaveLength(2))
    second.client.close()
    client.close()
    await until(() => expect(users.get().map(({ id }) => id)).toEqual(['ana']))
    expect(changes).toEqual([
      ['joined', 'ben'],
      ['updated', 'ben'],
      ['updated', 'ben'],
      ['updated', 'ben'],
      ['left', 'ben'],
    ])
    expect(peer.joinsOf('lobby')).toHaveLength(1)
  })

  it('shares one join with the channel of the topic', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels, presence } = member(url)
    const { subscription, seen } = follow(channels, 'lobby', { device: 'phone' })
    await subscription.ready
    const users = presence.of('lobby')
    users.subscribe(() => {})
    await until(() => expect(users.get()).toMatchObject([{ id: 'ana', meta: { device: 'phone' } }]))
    peer.broadcast('lobby', 'news', {})
    await until(() => expect(seen.at(-1)).toEqual(['news', {}]))
    expect(eventsOn(peer, 'lobby')).toEqual([['phx_join', { device: 'phone' }]])
    // The channel is left once neither needs it.
    subscription()
    await channels.subscribe('room:1', () => {}).ready
    expect(peer.joinsOf('lobby')).toHaveLength(1)
  })

  it('joins a topic again whose parameters come after its presence', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels, presence } = member(url)
    const users = presence.of('lobby')
    users.subscribe(() => {})
    await until(() => expect(users.get()).toMatchObject([{ meta: { device: 'web' } }]))
    const { subscription, seen } = follow(channels, 'lobby', { device: 'phone' })
    await subscription.ready
    await until(() => expect(users.get()).toMatchObject([{ meta: { device: 'phone' } }]))
    expect(seen).toEqual([['phx_join', { as: 'ana', last: null }]])
    expect(peer.joinsOf('lobby')).toHaveLength(1)
  })

  it('gives a channel without parameters the response to the join of its presence', async () => {
    const { peer, url } = await phoenixRooms()
    const params = () => ({ device: 'tv' })
    const { channels, presence } = member(url, { dialect: phoenix({ params }) })
    const users = presence.of('lobby')
    users.subscribe(() => {})
    await until(() => expect(users.get()).toMatchObject([{ meta: { device: 'tv' } }]))
    const { subscription, seen } = follow(channels, 'lobby')
    await subscription.ready
    expect(seen).toEqual([['phx_join', { as: 'ana', last: null }]])
    expect(eventsOn(peer, 'lobby')).toEqual([['phx_join', { device: 'tv' }]])
  })

  it('joins a topic again whose response is older than its events', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels, presence } = member(url)
    const users = presence.of('lobby')
    users.subscribe(() => {})
    const { subscription, seen } = follow(channels, 'lobby')
    await subscription.ready
    await until(() => expect(users.get()).toHaveLength(1))
    peer.broadcast('lobby', 'news', { n: 1 })
    await until(() => expect(seen).toContainEqual(['news', { n: 1 }]))
    subscription()
    await until(() => expect(channels.follows('lobby')).toBe(false))
    await until(() => expect(channels.size).toBe(1))
    const second = follow(channels, 'lobby')
    await second.subscription.ready
    expect(eventsOn(peer, 'lobby')).toEqual([
      ['phx_join', {}],
      ['phx_join', {}],
    ])
  })

  it('refuses the presence of a refused topic with the same reason', async () => {
    const { url } = await phoenixRooms()
    const { channels, presence, errors } = member(url)
    const refused = vi.fn()
    channels.subscribe('secret:1', () => {}, { onError: refused })
    presence.of('secret:1').subscribe(() => {})
    await until(() => expect(errors).toMatchObject([{ code: 'unauthorized' }]))
    expect(refused).toHaveBeenCalledWith(expect.objectContaining({ code: 'unauthorized' }))
    await expect(presence.enter('secret:1').ready).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('tracks the client’s own presence, changes and ends it', async () => {
    const { peer, url } = await phoenixRooms()
    const { presence } = member(url)
    const here = presence.enter('room:1', { typing: false })
    await here.ready
    await until(() =>
      expect(peer.presences('room:1')).toMatchObject({ ana: { metas: [{ typing: false }] } }),
    )
    here.update({ typing: true })
    await until(() =>
      expect(peer.presences('room:1')).toMatchObject({ ana: { metas: [{ typing: true }] } }),
    )
    here()
    await until(() => expect(peer.joinsOf('room:1')).toEqual([]))
  })

  it('tracks again after a topic was joined again', async () => {
    const { peer, url } = await phoenixRooms()
    const { channels, presence } = member(url)
    const { subscription } = follow(channels, 'room:1')
    const here = presence.enter('room:1', { typing: true })
    await here.ready
    await subscription.ready
    peer.end('room:1', 'phx_error')
    await until(() =>
      expect(peer.presences('room:1')).toMatchObject({ ana: { metas: [{ typing: true }] } }),
    )
    here()
    await until(() => expect(peer.presences('room:1')).toEqual({}))
    expect(peer.joinsOf('room:1')).toHaveLength(1)
  })

  it('leaves own presence to the server without the option', async () => {
    const { url } = await phoenixRooms()
    const { presence } = member(url, { dialect: phoenix() })
    await expect(presence.enter('room:1').ready).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('state over Phoenix', () => {
  it('is kept in lists, with optimistic changes, and in a registry', async () => {
    const tasks = new Map([[1, { id: 1, title: 'one' }]])
    const { peer, url } = await phoenixRooms({
      receive({ join, event, payload, reply }, server) {
        const task = { id: tasks.size + 1, ...Object(payload) }
        if (event !== 'create' || task.title === '') {
          reply('error', { reason: 'title_missing' })
          return
        }
        tasks.set(task.id, task)
        server.broadcast(join.topic, 'entity:created', task)
        reply('ok', task)
      },
    })
    const { client, channels, errors } = member(url)
    const list = bindList<{ id: number; title: string }>(channels, 'tasks', {
      load: async () => ({ state: [...tasks.values()] }),
    })
    const api = {
      create: (_: string, data: unknown) => client.request('create', data, { channel: 'tasks' }),
      update: async () => ({}),
      delete: async () => {},
    }
    const optimistic = new OptimisticManager({ client, channels, api })
    const view = optimistic.view(list)
    view.subscribe(() => {})
    await until(() => expect(view.get()).toMatchObject([{ title: 'one' }]))
    const created = optimistic.create('Task', { title: 'two' }, list)
    expect(view.get()).toMatchObject([{ title: 'one' }, { title: 'two', _optimistic: true }])
    await created
    await until(() => expect(list.state.get()).toMatchObject([{ title: 'one' }, { title: 'two' }]))
    await expect(optimistic.create('Task', { title: '' }, list)).rejects.toMatchObject({
      code: 'title-missing',
    })
    expect(view.get()).toHaveLength(2)

    const contexts = new ContextRegistry<{ kind: 'Job'; id: string; state: string }>()
      .keyed('Job', ({ id }) => id)
      .complete()
    const job = contexts.entity('Job', '7')
    await feed(channels, 'jobs', contexts).ready
    peer.broadcast('jobs', 'job', { kind: 'Job', id: '7', state: 'running' })
    await until(() => expect(job.get()).toMatchObject({ state: 'running' }))
    expect(errors).toEqual([])
  })
})

describe('binary messages of Phoenix', () => {
  it('carry the payloads of requests, replies, pushes and broadcasts', async () => {
    const { peer, url } = await phoenixRooms()
    const { client, channels } = member(url, { dialect: withBinary(phoenix()) })
    const { subscription, seen } = follow(channels, 'quiet')
    await subscription.ready
    const bytes = Uint8Array.of(0, 127, 128, 255)
    const on = { channel: 'quiet' }
    await expect(client.request('upload', bytes, on)).resolves.toEqual(bytes)
    expect(seen).toEqual([['uploaded', bytes]])
    await client.publish('quiet', 'upload', Uint8Array.of(1))
    await until(() => expect(seen.at(-1)).toEqual(['uploaded', Uint8Array.of(1)]))
    await expect(client.request('x'.repeat(256), bytes, on)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('A topic or event of 256 bytes is too long'),
    })
    expect(eventsOn(peer, 'quiet').slice(1)).toEqual([
      ['upload', bytes],
      ['upload', Uint8Array.of(1)],
    ])
  })
})
