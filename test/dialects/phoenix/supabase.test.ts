import { describe, expect, it } from 'vitest'
import type { ClientOptions, EventFrame } from 'wirefold'
import { bindList, ChannelSubscriber, PresenceManager } from 'wirefold'
import { type SupabaseOptions, supabase } from 'wirefold/dialects/phoenix'
import { connect, until } from '../../support/live.ts'
import { eventsOn } from '../../support/peers/phoenix-rooms.ts'
import { type SupabaseRules, supabaseProject } from '../../support/peers/supabase.ts'

const todos = { postgres_changes: [{ event: '*', schema: 'public', table: 'todos' }] } as const

/** Returns a token that expires then; it is not signed. */
function tokenOf(name: string, expiresAt: number): string {
  const body = btoa(JSON.stringify({ sub: name, exp: Math.floor(expiresAt / 1000) }))
  return `header.${body}.signature`
}

/** A client of a project. */
async function project(rules: SupabaseRules = {}, options: ClientOptions = {}) {
  const backend = await supabaseProject(rules)
  const open = (given: Partial<SupabaseOptions> = {}, more: ClientOptions = options) => {
    const dialect = supabase({ apikey: 'anon', ...given })
    const { client, errors } = connect(backend.url, { dialect, auth: () => 'jwt-ok', ...more })
    const channels = new ChannelSubscriber(client, { lingerMs: 0 })
    const presence = new PresenceManager(channels, { throttleMs: 0 })
    return { client, errors, channels, presence }
  }
  return { ...backend, open, ...open() }
}

/** Subscribes; returns the events and the statuses seen. */
function follow(channels: ChannelSubscriber, name: string, params?: unknown) {
  const events: EventFrame[] = []
  const statuses: string[] = []
  const given = params === undefined ? {} : { params }
  const subscription = channels.subscribe(name, (_, event) => events.push(event), given)
  subscription.status.subscribe(({ name: status }) => statuses.push(status))
  return {
    subscription,
    statuses,
    events,
    /** The types and payloads of the events, without those of the server itself. */
    get seen() {
      return events.flatMap(({ type, payload }) => (type === 'system' ? [] : [[type, payload]]))
    },
  }
}

describe('a client of Supabase Realtime', () => {
  it.each([undefined, ''])('is not made without a key: %j', (apikey) => {
    const options = { apikey } as SupabaseOptions
    expect(() => supabase(options)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'apikey' } }),
    )
  })

  it('gives the key, the token and the parameters, and gets the changes of rows', async () => {
    const { peer, channels, change } = await project()
    const channel = follow(channels, 'todos', todos)
    await channel.subscription.ready
    expect(peer.attempts).toEqual(['/realtime/v1/websocket?apikey=anon&vsn=2.0.0'])
    expect(eventsOn(peer, 'realtime:todos')).toEqual([
      ['phx_join', { config: { ...todos, presence: { enabled: true } }, access_token: 'jwt-ok' }],
    ])
    const first = { id: 1, title: 'first' }
    change('todos', 'INSERT', { record: first })
    change('todos', 'UPDATE', { record: { ...first, title: 'one' }, old_record: { id: 1 } })
    change('todos', 'DELETE', { old_record: { id: 1 } })
    change('other', 'INSERT', { record: { id: 9 } })
    const about = { entityName: 'todos', schema: 'public', matches: [0] }
    await until(() =>
      expect(channel.seen).toEqual([
        ['entity:created', { ...about, data: first, old: undefined }],
        ['entity:updated', { ...about, data: { ...first, title: 'one' }, old: { id: 1 } }],
        ['entity:deleted', { ...about, data: { id: 1 }, old: { id: 1 } }],
      ]),
    )
    expect(channel.events.at(-1)?.timestamp).toBe(Date.parse('2026-01-05T10:00:00.000Z'))
  })

  it('is live once the server listens to the database', async () => {
    const { peer, channels, listen } = await project({ listens: false })
    const channel = follow(channels, 'todos', todos)
    await until(() => expect(peer.joinsOf('realtime:todos')).toHaveLength(1))
    await channels.subscribe('other', () => {}).ready
    expect(channel.statuses).toEqual(['pending'])
    for (const join of peer.joinsOf('realtime:todos')) listen(join)
    await channel.subscription.ready
    expect(channel.events).toMatchObject([
      { type: 'system', payload: { message: 'Subscribed to PostgreSQL', status: 'ok' } },
    ])
  })

  it('is refused for a time where the server cannot listen, and joins again where it stops', async () => {
    const { peer, channels, system, listen } = await project({ listens: false })
    const channel = follow(channels, 'todos', todos)
    await until(() => expect(peer.joinsOf('realtime:todos')).toHaveLength(1))
    const message = 'Unable to subscribe to changes with given parameters'
    for (const join of peer.joinsOf('realtime:todos')) {
      system(join, 'postgres_changes', 'error', message)
    }
    await expect(channel.subscription.ready).rejects.toMatchObject({
      code: 'postgres-changes',
      message: expect.stringContaining(message),
      detail: { retryAfterMs: 10_000 },
    })
    channel.subscription()
    const second = follow(channels, 'todos', todos)
    await until(() => expect(eventsOn(peer, 'realtime:todos').length).toBeGreaterThan(1))
    await until(() => {
      for (const join of peer.joinsOf('realtime:todos')) listen(join)
      expect(second.statuses.at(-1)).toBe('live')
    })
    for (const join of peer.joinsOf('realtime:todos')) {
      system(join, 'postgres_changes', 'error', 'connection lost')
    }
    await until(() => expect(second.statuses.at(-1)).toBe('recovering'))
    await until(() => {
      for (const join of peer.joinsOf('realtime:todos')) listen(join)
      expect(second.statuses.at(-1)).toBe('gap')
    })
  })

  it('keeps a list in step with a table, also over the death of the server', async () => {
    const rows = new Map([[1, { id: 1, title: 'first' }]])
    const { peer, client, channels, change } = await project()
    const list = bindList<{ id: number; title: string }>(channels, 'todos', {
      load: async () => ({ state: [...rows.values()] }),
      params: todos,
    })
    list.state.subscribe(() => {})
    await until(() => expect(list.state.get()).toEqual([{ id: 1, title: 'first' }]))
    change('todos', 'INSERT', { record: { id: 2, title: 'second' } })
    change('todos', 'UPDATE', { record: { id: 1, title: 'one' }, old_record: { id: 1 } })
    await until(() =>
      expect(list.state.get()).toEqual([
        { id: 1, title: 'one' },
        { id: 2, title: 'second' },
      ]),
    )
    await peer.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    rows.set(3, { id: 3, title: 'third' })
    await peer.listen()
    await until(() => expect(list.state.get()).toHaveLength(2))
    await until(() => expect(list.state.get()).toEqual([...rows.values()]))
    change('todos', 'DELETE', { old_record: { id: 3 } })
    await until(() => expect(list.state.get()).toEqual([{ id: 1, title: 'first' }]))
  })

  it('drops the changes of another join', async () => {
    const { peer, channels } = await project()
    const channel = follow(channels, 'todos', todos)
    await channel.subscription.ready
    const data = { schema: 'public', table: 'todos', type: 'INSERT', record: { id: 1 } }
    peer.broadcast('realtime:todos', 'postgres_changes', { ids: [1], data })
    peer.broadcast('realtime:todos', 'postgres_changes', { ids: [40_000_001], data })
    await until(() => expect(channel.seen).toHaveLength(1))
  })

  it('delivers a change that is not whole as it came', async () => {
    const { peer, channels } = await project()
    const channel = follow(channels, 'todos', todos)
    await channel.subscription.ready
    const errors = ['Error 413: Payload Too Large']
    const data = { schema: 'public', table: 'todos', type: 'UPDATE', record: { id: 1 }, errors }
    peer.broadcast('realtime:todos', 'postgres_changes', { ids: [40_000_001], data })
    await until(() => expect(channel.seen).toEqual([['postgres_changes', data]]))
  })

  it('broadcasts JSON and bytes, acknowledged where the channel wants that', async () => {
    const { peer, open, client, channels } = await project()
    const other = open()
    const far = follow(other.channels, 'room-1')
    await far.subscription.ready
    const near = follow(channels, 'room-1', { broadcast: { ack: true, self: true } })
    await near.subscription.ready
    await client.publish('room-1', 'cursor', { x: 1 })
    await client.publish('room-1', 'bytes', Uint8Array.of(0, 255))
    const expected = [
      ['cursor', { x: 1 }],
      ['bytes', Uint8Array.of(0, 255)],
    ]
    await until(() => expect(far.seen).toEqual(expected))
    expect(near.seen).toEqual(expected)
    // Not acknowledged: done once it is sent.
    await other.client.publish('room-1', 'cursor', { x: 2 })
    await until(() => expect(near.seen.at(-1)).toEqual(['cursor', { x: 2 }]))
    // Older clients send broadcasts as texts; replayed ones carry an id.
    const text = { type: 'broadcast', event: 'old', payload: { y: 1 }, meta: { id: 'm1' } }
    peer.broadcast('realtime:room-1', 'broadcast', text)
    await until(() => expect(far.events.at(-1)).toMatchObject({ type: 'old', id: 'm1' }))
    await expect(client.request('rpc', {}, { channel: 'room-1' })).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('rejects a refused join with the reason, and does not send it again', async () => {
    const { peer, channels } = await project()
    const { subscription } = follow(channels, 'reconnect', { private: true })
    await expect(subscription.ready).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('permissions to read from this Channel topic: reconnect'),
      detail: { retryable: false },
    })
    await channels.subscribe('other', () => {}).ready
    expect(eventsOn(peer, 'realtime:reconnect')).toHaveLength(1)
  })

  it('shows and tracks presence, and tracks again after every join', async () => {
    const key = (name: string) => () => ({ presence: { key: name } })
    const { peer, open, client, presence } = await project({}, {})
    client.close()
    presence.of('unused')
    const ana = open({ params: key('ana') })
    const ben = open({ params: key('ben') })
    const users = ana.presence.of('room-1')
    const ids = () => users.get().map(({ id, meta }) => [id, meta])
    users.subscribe(() => {})
    const here = ben.presence.enter('room-1', { at: 1 })
    await here.ready
    await until(() => expect(ids()).toEqual([['ben', { at: 1 }]]))
    here.update({ at: 2 })
    await until(() => expect(ids()).toEqual([['ben', { at: 2 }]]))
    await ana.presence.enter('room-1', { at: 3 }).ready
    await until(() =>
      expect(ids()).toEqual([
        ['ben', { at: 2 }],
        ['ana', { at: 3 }],
      ]),
    )
    await peer.kill()
    await until(() => expect(ana.client.state.get().name).not.toBe('open'))
    await peer.listen()
    await until(() => expect(Object.keys(peer.presences('realtime:room-1'))).toHaveLength(2))
    await until(() => expect(Object.fromEntries(ids())).toEqual({ ana: { at: 3 }, ben: { at: 2 } }))
    here()
    await until(() => expect(ids()).toEqual([['ana', { at: 3 }]]))
  })

  it('renews the token before it expires, on every channel', async () => {
    const tokens = [tokenOf('old', Date.now() + 30_000), tokenOf('new', Date.now() + 3_600_000)]
    const reasons: string[] = []
    const auth = (reason: string) => {
      reasons.push(reason)
      return tokens[reasons.length - 1] ?? 'none'
    }
    const heartbeat = { intervalMs: 1_000 }
    const { peer, channels } = await project({}, { auth, heartbeat })
    await follow(channels, 'one').subscription.ready
    await follow(channels, 'two').subscription.ready
    const renewal = ['access_token', { access_token: tokens[1] }]
    await until(() => expect(eventsOn(peer, 'realtime:two')).toContainEqual(renewal))
    expect(eventsOn(peer, 'realtime:one')).toContainEqual(renewal)
    expect(reasons).toEqual(['connect', 'expiring'])
  })

  it('joins again with a new token after the server has closed a channel', async () => {
    let count = 0
    const auth = () => `jwt-${++count}`
    const expired = new Set<string>()
    const { peer, channels, shutDown } = await project({ expired }, { auth })
    const channel = follow(channels, 'room-1')
    await channel.subscription.ready
    expired.add('jwt-1')
    shutDown('room-1', 'Token has expired 1 seconds ago')
    await until(() => expect(channel.statuses.at(-1)).toBe('gap'))
    expect(channel.statuses).not.toContain('ended')
    expect(channel.events).toMatchObject([
      { type: 'system', payload: { status: 'error', message: 'Token has expired 1 seconds ago' } },
    ])
    expect(peer.joinsOf('realtime:room-1')).toMatchObject([{ params: { access_token: 'jwt-2' } }])
  })
})
