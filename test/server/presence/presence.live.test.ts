import { expect, it } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import type { RealtimeServerOptions } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../../support/live.ts'
import { RawClient } from '../raw-client.ts'

const room = 'workspace/tasks'
const channel = `presence:${room}`

/** Real sockets, and a server with a manual clock. */
async function made(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const broker = new MemoryBroker({ clock })
  const next = () =>
    serve({
      ...{ clock, broker },
      authenticate: ({ token }) => (token ? { id: token } : null),
      ...options,
    })
  const first = await next()
  const { url } = first
  const present = async () => (await first.server.presence.getPresent(room)).map(({ id }) => id)
  /** Resolves once the server has this number of connections. */
  const left = (count: number) => until(() => expect(first.server.stats().connections).toBe(count))
  const person = (token: string, to = url) => {
    const { client } = connect(to, { auth: () => token })
    const presence = new PresenceManager(new ChannelSubscriber(client))
    const changes: string[] = []
    presence.on('changed', ({ kind, user: { id } }) => changes.push(`${kind} ${id}`))
    return { client, presence, changes }
  }
  const watcher = person('watcher')
  watcher.presence.of(room).subscribe(() => {})
  await watcher.client.connect()
  return { ...first, clock, next, present, left, person, watcher }
}

it('two tabs are one user, who keeps the state of the older when the newer is closed', async () => {
  const { clock, person, left, present, watcher } = await made()
  const [old, fresh] = [person('anna'), person('anna')]
  await old.presence.enter(room, 'old').ready
  await fresh.presence.enter(room, 'new').ready
  const users = watcher.presence.of(room)
  await until(() => expect(users.get()).toMatchObject([{ meta: 'new', devices: [{}, {}] }]))
  fresh.client.close()
  await left(2)
  await clock.advance(15_000)
  await until(() => expect(users.get()).toMatchObject([{ meta: 'old', devices: [{}] }]))
  expect(await present()).toEqual(['anna'])
})

it('a client that lost its connection is removed after the grace period, not before', async () => {
  const { clock, url, left, present, watcher } = await made()
  const anna = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
  await anna.request({ type: 'presence:join', channel })
  anna.ws.terminate()
  await left(1)
  await clock.advance(14_999)
  expect(await present()).toEqual(['anna'])
  await clock.advance(1)
  expect(await present()).toEqual([])
  await until(() => expect(watcher.changes).toEqual(['joined anna', 'left anna']))
})

it('a client on a frozen link is removed and closed 30 s after its last sign of life', async () => {
  const { clock, url, left, present } = await made()
  const anna = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
  await anna.request({ type: 'presence:join', channel })
  // It responds to the first ping, and then no frame arrives.
  await clock.advance(15_000)
  await anna.settled()
  anna.ws.pause()
  await clock.advance(29_999)
  expect(await present()).toEqual(['anna'])
  await clock.advance(1)
  expect(await present()).toEqual([])
  await left(1)
})

it('a silent connection with members is pinged, and its pong is a sign of life', async () => {
  const { clock, url, present } = await made()
  const anna = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
  await anna.request({ type: 'presence:join', channel })
  let pings = 0
  anna.ws.on('ping', () => pings++)
  for (let n = 1; n <= 6; n++) {
    await clock.advance(15_000)
    await until(() => expect(pings).toBe(n))
    // Its ping follows its pong, so the answer shows that both have arrived.
    anna.ws.ping()
    await new Promise<void>((resolve) => anna.ws.once('pong', () => resolve()))
  }
  expect(await present()).toEqual(['anna'])
})

it('a client that reconnects within the grace period causes no event', async () => {
  const { clock, url, person, left, watcher, present } = await made()
  const raw = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
  await raw.request({ type: 'presence:join', channel, payload: { meta: 1 } })
  raw.ws.terminate()
  await left(1)
  await clock.advance(10_000)
  const again = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
  await again.request({ type: 'presence:join', channel, payload: { meta: 1 } })
  await clock.advance(10_000)
  expect(await present()).toEqual(['anna'])
  const ben = person('ben')
  await ben.presence.enter(room).ready
  await until(() => expect(watcher.changes).toEqual(['joined anna', 'joined ben']))
})

it('a connection whose member was taken over does not remove it when it ends', async () => {
  const { clock, url, left, present } = await made()
  const [old, fresh] = [
    await RawClient.greeted(url, { token: 'anna', clientId: 'tab' }),
    await RawClient.greeted(url, { token: 'anna', clientId: 'tab' }),
  ]
  await old.request({ type: 'presence:join', channel })
  await fresh.request({ type: 'presence:join', channel })
  await old.request({ type: 'presence:leave', channel })
  old.ws.terminate()
  await left(2)
  await clock.advance(15_000)
  expect(await present()).toEqual(['anna'])
})

it('a server that drains hands its members over to the next one without an event', async () => {
  const { clock, server, next, url, person, watcher } = await made()
  watcher.client.close()
  let to = url
  /** Connects to the server that accepts connections, as a load balancer does. */
  class Balanced extends WebSocket {
    constructor(_: string | URL, protocols?: string | string[]) {
      super(to, protocols)
    }
  }
  const { client } = connect(url, { auth: () => 'anna', WebSocket: Balanced })
  await new PresenceManager(new ChannelSubscriber(client)).enter(room, 1).ready
  const second = await next()
  const ben = person('ben', second.url)
  const users = ben.presence.of(room)
  users.subscribe(() => {})
  await until(() => expect(users.get()).toMatchObject([{ id: 'anna' }]))
  to = second.url
  await server.drain({ windowMs: 20 })
  for (let n = 0; n < 4; n++) {
    await clock.advance(14_000)
    // Any frame is a sign of life.
    await expect(client.request('still:here')).rejects.toMatchObject({ code: 'unknown-type' })
  }
  expect(await second.server.presence.getPresent(room)).toMatchObject([{ id: 'anna', meta: 1 }])
  await ben.presence.enter(room).ready
  await until(() => expect(ben.changes).toEqual(['joined ben']))
})
