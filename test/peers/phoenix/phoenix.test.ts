import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import { phoenix, supabase } from 'wirefold/dialects/phoenix'
import { WebSocket } from 'ws'
import { connect, until } from '../../support/live.ts'
import { eventsOn, phoenixRooms } from '../../support/peers/phoenix-rooms.ts'
import { supabaseProject } from '../../support/peers/supabase.ts'
import { type Installed, installed } from '../installed.ts'

/*
 * No server of Phoenix can be had here. The official clients pass the stubs of these tests, and
 * wirefold's client beside them gets the same.
 */

/** The part of the package `phoenix` that these tests use. */
interface Push {
  receive(status: 'ok' | 'error' | 'timeout', run: (response: unknown) => void): Push
}
interface OfficialChannel {
  readonly state: string
  join(): Push
  leave(): Push
  push(event: string, payload?: unknown): Push
  on(event: string, run: (payload: unknown) => void): number
}
interface OfficialSocket {
  connect(): void
  disconnect(): void
  isConnected(): boolean
  channel(topic: string, params?: unknown): OfficialChannel
}
interface Phoenix {
  Socket: new (endpoint: string, options: object) => OfficialSocket
  Presence: new (
    channel: OfficialChannel,
  ) => { list<Item>(by: (key: string, presence: { metas: object[] }) => Item): Item[] }
}

/** The part of `@supabase/realtime-js` that these tests use. */
interface RealtimeChannel {
  on(type: string, filter: object, run: (payload: never) => void): RealtimeChannel
  subscribe(run?: (status: string, error?: Error) => void): RealtimeChannel
  send(message: object): Promise<string>
  track(meta: object): Promise<string>
  untrack(): Promise<string>
  presenceState(): Record<string, readonly object[]>
}
interface Realtime {
  RealtimeClient: new (
    endpoint: string,
    options: object,
  ) => {
    channel(name: string, params?: object): RealtimeChannel
    disconnect(): unknown
    setAuth(token: string): Promise<void>
  }
}

let packages: Installed
let official: Phoenix
let realtime: Realtime

beforeAll(() => {
  packages = installed(['phoenix@1.8.16', '@supabase/realtime-js@2.109.0'])
  const load = createRequire(join(packages.modules, 'index.js'))
  official = load('phoenix')
  realtime = load('@supabase/realtime-js')
})
afterAll(() => packages.remove())

const answer = (push: Push): Promise<unknown> =>
  new Promise((resolve) => {
    for (const status of ['ok', 'error', 'timeout'] as const) {
      push.receive(status, (response) => resolve([status, response]))
    }
  })

/** The official client of Phoenix, until the end of the test. */
function officialSocket(endpoint: string, token: string): OfficialSocket {
  const socket = new official.Socket(endpoint, {
    transport: WebSocket,
    params: { token },
    heartbeatIntervalMs: 500,
    reconnectAfterMs: () => 50,
    rejoinAfterMs: () => 50,
  })
  onTestFinished(() => socket.disconnect())
  socket.connect()
  return socket
}

/** A wirefold client of the rooms. */
function member(url: string, token: string) {
  const track = (action: string, meta: unknown) =>
    action === 'leave' ? (['untrack'] as const) : (['track', meta] as const)
  const { client, errors } = connect(url, { dialect: phoenix({ track }), auth: () => token })
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  return { client, errors, channels, presence: new PresenceManager(channels, { throttleMs: 0 }) }
}

describe('the official client of Phoenix', () => {
  it('passes the stub: authentication, joins, replies, refusals', async () => {
    const { peer, endpoint } = await phoenixRooms()
    const refused = officialSocket(endpoint, 'nope')
    await until(() => expect(peer.attempts.length).toBeGreaterThan(1))
    expect(refused.isConnected()).toBe(false)
    refused.disconnect()

    const socket = officialSocket(endpoint, 't-ben')
    const room = socket.channel('room:1', { last_seen: 7 })
    expect(await answer(room.join())).toEqual(['ok', { as: 'ben', last: 7 }])
    const secret = socket.channel('secret:1')
    expect(await answer(secret.join())).toEqual(['error', { reason: 'unauthorized' }])
    expect(await answer(room.push('divide', { a: 9, b: 3 }))).toEqual(['ok', { q: 3 }])
    expect(await answer(room.push('divide', { a: 1, b: 0 }))).toEqual([
      'error',
      { reason: 'division by zero' },
    ])
    // It repeats a refused join for as long as it is not left.
    await until(() => expect(eventsOn(peer, 'secret:1').length).toBeGreaterThan(2))
    secret.leave()
    peer.end('room:1', 'phx_error')
    await until(() => expect(peer.joinsOf('room:1')).toMatchObject([{ params: { last_seen: 7 } }]))
    peer.end('room:1', 'phx_close')
    await until(() => expect(room.state).toBe('closed'))
  })

  it('carries bytes both ways', async () => {
    const { endpoint } = await phoenixRooms()
    const files = officialSocket(endpoint, 't-ben').channel('quiet')
    const uploaded: unknown[] = []
    files.on('uploaded', (payload) => uploaded.push(payload))
    await answer(files.join())
    const bytes = Uint8Array.of(0, 255).buffer
    expect(await answer(files.push('upload', bytes))).toEqual(['ok', bytes])
    expect(uploaded).toEqual([bytes])
  })

  it('sees the same events and users as wirefold, also after the server was killed', async () => {
    const { peer, endpoint, url } = await phoenixRooms()
    const room = officialSocket(endpoint, 't-ben').channel('lobby', { device: 'web' })
    const theirs: unknown[] = []
    const list = new official.Presence(room)
    for (const type of ['news', 'shout']) {
      room.on(type, (payload) => theirs.push([type, payload]))
    }
    await answer(room.join())

    const { client, channels, presence } = member(url, 't-ana')
    const ours: unknown[] = []
    const handler = (payload: unknown, { type }: { type: string }) => {
      if (type !== 'phx_join') ours.push([type, payload])
    }
    const lobby = channels.subscribe('lobby', handler, { params: { device: 'phone' } })
    await lobby.ready
    const users = presence.of('lobby')
    users.subscribe(() => {})
    const isSame = (count: number) => {
      const listed = list.list((id, { metas }) => ({
        id,
        devices: metas.map((meta) => ({ ...meta, phx_ref_prev: undefined })),
      }))
      const known = users.get().map(({ id, devices }) => ({
        id,
        devices: devices.map((device) => ({
          ...Object(device.meta),
          phx_ref: device.id,
          phx_ref_prev: undefined,
        })),
      }))
      const sorted = (all: readonly { id: string }[]) =>
        [...all].sort((one, other) => one.id.localeCompare(other.id))
      expect(known).toHaveLength(count)
      expect(sorted(known)).toEqual(sorted(listed))
    }
    await until(() => isSame(2))
    await client.request('shout', { text: 'hello' }, { channel: 'lobby' })
    await answer(room.push('shout', { text: 'hi' }))
    await answer(room.push('status', { status: 'busy' }))
    await until(() => isSame(2))
    expect(users.get().find(({ id }) => id === 'ben')?.meta).toMatchObject({ status: 'busy' })
    await until(() => expect(theirs).toHaveLength(2))
    await until(() => expect(ours).toEqual(theirs))

    await peer.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    await peer.listen()
    await until(() => expect(peer.joinsOf('lobby')).toHaveLength(2))
    await until(() => expect(lobby.status.get().name).toBe('gap'))
    await until(() => isSame(2))
    peer.broadcast('lobby', 'news', { n: 1 })
    await until(() => expect(theirs).toHaveLength(3))
    await until(() => expect(ours).toEqual(theirs))
    expect(ours.at(-1)).toEqual(['news', { n: 1 }])
  })
})

describe('the official client of Supabase', () => {
  const todos = { event: '*', schema: 'public', table: 'todos' }

  function officialProject(endpoint: string) {
    const client = new realtime.RealtimeClient(endpoint, {
      params: { apikey: 'anon' },
      transport: WebSocket,
      heartbeatIntervalMs: 500,
      reconnectAfterMs: () => 50,
      accessToken: async () => 'jwt-ok',
    })
    onTestFinished(() => void client.disconnect())
    return client
  }

  const subscribed = (channel: RealtimeChannel) =>
    new Promise<string>((resolve) => channel.subscribe((status) => resolve(status)))

  it('sees the same changes, broadcasts and users as wirefold, also after a kill', async () => {
    const { peer, endpoint, url, change } = await supabaseProject()
    const theirs: unknown[] = []
    const theirRoom = officialProject(endpoint)
    const rows = theirRoom.channel('todos')
    rows.on('postgres_changes', todos, ({ eventType, new: row, old }: Record<string, unknown>) => {
      theirs.push([eventType, eventType === 'DELETE' ? old : row])
    })
    expect(await subscribed(rows)).toBe('SUBSCRIBED')
    const room = theirRoom.channel('room', {
      config: { broadcast: { ack: true }, presence: { key: 'ben', enabled: true } },
    })
    room.on('broadcast', { event: '*' }, ({ event, payload }: Record<string, unknown>) => {
      theirs.push([event, payload])
    })
    expect(await subscribed(room)).toBe('SUBSCRIBED')
    const locked = theirRoom.channel('locked', { config: { private: true } })
    expect(await subscribed(locked)).toBe('CHANNEL_ERROR')

    const { client } = connect(url, {
      dialect: supabase({ apikey: 'anon' }),
      auth: () => 'jwt-ok',
    })
    const channels = new ChannelSubscriber(client, { lingerMs: 0 })
    const presence = new PresenceManager(channels, { throttleMs: 0 })
    const ours: unknown[] = []
    const names = {
      'entity:created': 'INSERT',
      'entity:updated': 'UPDATE',
      'entity:deleted': 'DELETE',
    } as const
    const list = channels.subscribe(
      'todos',
      (payload: { data: unknown }, { type }) => {
        const [, name] = Object.entries(names).find(([known]) => known === type) ?? []
        if (name) ours.push([name, payload.data])
      },
      { params: { postgres_changes: [todos] } },
    )
    await list.ready
    const talk = channels.subscribe(
      'room',
      (payload, { type }) => type !== 'system' && ours.push([type, payload]),
      { params: { broadcast: { ack: true }, presence: { key: 'ana' } } },
    )
    await talk.ready
    const own = channels.subscribe('locked', () => {}, { params: { private: true } })
    await expect(own.ready).rejects.toMatchObject({ code: 'unauthorized' })

    change('todos', 'INSERT', { record: { id: 1, title: 'first' } })
    change('todos', 'DELETE', { old_record: { id: 1 } })
    await until(() => expect(theirs).toHaveLength(2))
    await until(() => expect(ours).toEqual(theirs))
    // Each gets the broadcasts of the other: texts and bytes.
    const send = (event: string, payload: unknown) =>
      room.send({ type: 'broadcast', event, payload })
    expect(await send('cursor', { x: 1 })).toBe('ok')
    expect(await send('bytes', Uint8Array.of(0, 255).buffer)).toBe('ok')
    await until(() =>
      expect(ours.slice(2)).toEqual([
        ['cursor', { x: 1 }],
        ['bytes', Uint8Array.of(0, 255)],
      ]),
    )
    await client.publish('room', 'cursor', { x: 2 })
    await client.publish('room', 'bytes', Uint8Array.of(1))
    await until(() =>
      expect(theirs.slice(2)).toEqual([
        ['cursor', { x: 2 }],
        ['bytes', Uint8Array.of(1).buffer],
      ]),
    )

    const users = presence.of('room')
    users.subscribe(() => {})
    const everyone = () => {
      const known = Object.fromEntries(users.get().map(({ id, meta }) => [id, meta]))
      expect(known).toMatchObject({ ana: { at: 1 }, ben: { at: 2 } })
      expect(room.presenceState()).toMatchObject({ ana: [{ at: 1 }], ben: [{ at: 2 }] })
    }
    await presence.enter('room', { at: 1 }).ready
    expect(await room.track({ at: 2 })).toBe('ok')
    await until(everyone)

    await peer.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    await peer.listen()
    await until(() => expect(peer.joinsOf('realtime:room')).toHaveLength(2))
    // The official client does not track again by itself; wirefold's does.
    await until(() => expect(Object.keys(peer.presences('realtime:room'))).toEqual(['ana']))
    await until(() => expect(users.get().map(({ id }) => id)).toEqual(['ana']))
    await until(() => expect(list.status.get().name).toBe('gap'))
    await until(() => expect(peer.joinsOf('realtime:todos')).toHaveLength(2))
    const [heard, seen] = [theirs.length, ours.length]
    change('todos', 'INSERT', { record: { id: 2, title: 'back' } })
    await until(() => expect(theirs.slice(heard)).toEqual([['INSERT', { id: 2, title: 'back' }]]))
    await until(() => expect(ours.slice(seen)).toEqual([['INSERT', { id: 2, title: 'back' }]]))
  })
})
