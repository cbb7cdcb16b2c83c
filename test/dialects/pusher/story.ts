import { expect, onTestFinished, vi } from 'vitest'
import {
  ChannelSubscriber,
  ContextRegistry,
  feed,
  PresenceManager,
  RealtimeClient,
  type Subscription,
  webSocketTransport,
} from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import type { ChannelAuthOptions } from 'wirefold/dialects/pusher'
import { withChannelAuth } from 'wirefold/dialects/pusher'
import { WebSocket } from 'ws'

/** A backend that speaks the protocol of Pusher, with an auth endpoint that refuses `private-secret`. */
export interface PusherBackend {
  /** The address of the app. */
  readonly url: string
  /** The address of the auth endpoint, for which the token is the id of the user. */
  readonly endpoint: string
  /** Channels for which the auth endpoint was asked. */
  readonly askedFor: () => readonly string[]
  publish(channel: string, event: string, data: unknown): unknown
  kill(): Promise<void>
  start(): Promise<void>
}

interface Order {
  readonly kind: 'Order'
  readonly id: string
}

/** A client of a user of the backend, until the end of the test. */
export function clientOf(
  backend: Pick<PusherBackend, 'url' | 'endpoint'>,
  user: string,
  dialect: DialectFactory,
  onSigned?: ChannelAuthOptions['onSigned'],
) {
  const client = new RealtimeClient(backend.url, {
    dialect,
    auth: () => user,
    transport: withChannelAuth(webSocketTransport(WebSocket), {
      endpoint: backend.endpoint,
      onSigned,
      headers: ({ token }) => ({ authorization: `Bearer ${token}` }),
    }),
    backoff: { minMs: 5, initialMs: 40, maxMs: 200 },
    connectTimeoutMs: 50_000,
    requestTimeoutMs: 50_000,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  onTestFinished(() => client.close())
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  return { client, channels, presence: new PresenceManager(channels), errors }
}

/**
 * Takes two clients through a session: channels of all kinds, events, a refusal, members, client events, a
 * backend that is killed and starts again. Throws where the dialect is wrong.
 *
 * @param patienceMs the longest wait for each step
 */
export async function session(
  backend: PusherBackend,
  dialect: DialectFactory,
  patienceMs = 50_000,
): Promise<void> {
  const until = (check: () => unknown) => vi.waitFor(check, { timeout: patienceMs, interval: 10 })
  const statusOf = ({ status }: Subscription) => status.get().name
  const ana = clientOf(backend, 'ana', dialect)
  const ben = clientOf(backend, 'ben', dialect)

  // Events fill a registry.
  const orders = new ContextRegistry<Order>().keyed('Order', ({ id }) => id)
  feed(ana.channels, 'news', orders, ({ payload }) => payload as Order)
  const seen: unknown[] = []
  const collect = (payload: unknown, { channel, type }: { channel: string; type: string }) =>
    seen.push([channel, type, payload])
  const news = ana.channels.subscribe('news', collect)
  const room = ana.channels.subscribe('private-room', collect)
  await until(() => expect([news, room].map(statusOf)).toEqual(['live', 'live']))
  const secret = ana.channels.subscribe('private-secret', collect, { onError: () => {} })
  await until(() =>
    expect(secret.status.get()).toMatchObject({ name: 'refused', error: { code: 'forbidden' } }),
  )
  await backend.publish('news', 'ordered', { kind: 'Order', id: '7' })
  await backend.publish('private-room', 'said', 'plain text')
  await until(() =>
    expect(seen).toEqual([
      ['news', 'ordered', { kind: 'Order', id: '7' }],
      ['private-room', 'said', 'plain text'],
    ]),
  )
  expect(orders.slot('Order').get('7')).toMatchObject({ id: '7' })

  // Members: a client that watches is one, and a second view does not leave.
  const idsOf = ({ presence }: typeof ana) =>
    presence
      .of('room')
      .get()
      .map(({ id }) => id)
  const changes: unknown[] = []
  ana.presence.on('changed', ({ kind, user }) => changes.push([kind, user.id]))
  ana.presence.of('room').subscribe(() => {})
  await until(() => expect(idsOf(ana)).toEqual(['ana']))
  const here = ben.presence.enter('room')
  await until(() => expect(idsOf(ana)).toEqual(['ana', 'ben']))
  const unwatch = ben.presence.of('room').subscribe(() => {})
  await until(() => expect(idsOf(ben).sort()).toEqual(['ana', 'ben']))
  expect(ana.presence.of('room').get()).toMatchObject([{ name: 'Ana' }, { id: 'ben' }])
  expect(changes).toEqual([['joined', 'ben']])

  // Client events reach the others only.
  const typing: unknown[] = []
  const events = ben.channels.subscribe('presence-room', (payload, { type }) =>
    typing.push([type, payload]),
  )
  const own = ana.channels.subscribe('presence-room', (payload) => typing.push(['own', payload]))
  await until(() => expect([events, own].map(statusOf)).toEqual(['live', 'live']))
  await ana.client.publish('presence-room', 'client-typing', { on: true })
  await until(() => expect(typing).toEqual([['client-typing', { on: true }]]))

  // The backend dies and comes back.
  const asked = backend.askedFor().length
  seen.length = 0
  await backend.kill()
  await until(() => expect(ana.client.state.get().name).not.toBe('open'))
  await backend.start()
  const resumed = [news, room, events, own]
  await until(() => expect(resumed.map(statusOf)).toEqual(['gap', 'gap', 'gap', 'gap']))
  await until(() => expect(idsOf(ana).sort()).toEqual(['ana', 'ben']))
  await until(() => expect(idsOf(ben).sort()).toEqual(['ana', 'ben']))
  expect(backend.askedFor().slice(asked)).not.toContain('private-secret')
  expect(secret.status.get().name).toBe('refused')
  news.caughtUp()
  expect(news.status.get().name).toBe('live')
  await backend.publish('private-room', 'said', { again: true })
  await until(() => expect(seen).toEqual([['private-room', 'said', { again: true }]]))

  // Only the last name leaves.
  here()
  await ana.client.publish('presence-room', 'client-typing', { on: false })
  await until(() => expect(typing).toHaveLength(2))
  expect(idsOf(ana)).toContain('ben')
  unwatch()
  events()
  await until(() => expect(idsOf(ana)).toEqual(['ana']))
  expect([ana.errors, ben.errors]).toEqual([[], []])
}
