import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import { channelWith } from 'wirefold/dialects'
import { anycable, anycablePresence, resourceOf } from 'wirefold/dialects/actioncable'
import { WebSocket } from 'ws'
import { connect, until } from '../../support/live.ts'
import { cableServer } from '../../support/peers/cable.ts'
import { installed } from '../installed.ts'

/** The part of the official client's channel that the test uses. */
interface OfficialChannel {
  on(event: 'message' | 'presence', run: (message: object) => void): void
  perform(action: string, data: object): Promise<unknown>
  whisper(data: object): Promise<unknown>
  ensureSubscribed(): Promise<unknown>
  readonly presence: {
    join(id: string, info: object): Promise<unknown>
    leave(): Promise<unknown>
    info(): Promise<object>
  }
}

interface OfficialClient {
  connect(): Promise<void>
  disconnect(): void
  subscribeTo(name: string, params: object): OfficialChannel
}

/** The official client, until the end of the test. */
async function official(url: string): Promise<OfficialClient> {
  const { modules, remove } = installed(['@anycable/core@1.1.7'])
  const { createCable, backoffWithJitter } = await import(
    pathToFileURL(join(modules, '@anycable/core/index.js')).href
  )
  const cable: OfficialClient = createCable(url, {
    protocol: 'actioncable-v1-ext-json',
    protocolOptions: { pongs: true },
    websocketImplementation: WebSocket,
    reconnectStrategy: backoffWithJitter(20),
    logLevel: 'error',
  })
  onTestFinished(() => {
    cable.disconnect()
    remove()
  })
  return cable
}

it('the server of our tests serves the official client of AnyCable and wirefold alike', async () => {
  const server = await cableServer({
    pingMs: 50,
    act: ({ text }, { room }) => server.publish(String(room), { by: 'action', text }),
  })
  const cable = await official(`${server.url}?token=t-ben`)
  await cable.connect()
  const theirs = cable.subscribeTo('RoomChannel', { room: '1' })
  const [received, ours]: [unknown[], unknown[]] = [[], []]
  theirs.on('message', (message) => received.push(message))
  await theirs.ensureSubscribed()

  const dialect = anycable({
    presence: anycablePresence(() => 'ana'),
    whispers: ['typing'],
    pongs: true,
  })
  const { client, errors } = connect(server.url, { dialect, auth: () => 't-ana' })
  const channels = new ChannelSubscriber(client)
  const presence = new PresenceManager(channels)
  const subscription = channels.subscribe('RoomChannel', (message) => ours.push(message), {
    params: { room: '1' },
  })
  await subscription.ready
  // Both name the room by the same identifier, byte for byte.
  const identifiers = new Set(server.commands.map(({ identifier }) => identifier))
  identifiers.delete(undefined)
  expect([...identifiers]).toEqual(['{"channel":"RoomChannel","room":"1"}'])

  const ROOM = channelWith('RoomChannel', { room: '1' })
  await theirs.perform('speak', { text: 'one' })
  await until(() => expect(ours).toHaveLength(1))
  await client.request('speak', { text: 'two' }, { channel: ROOM })
  const said = ['one', 'two'].map((text) => ({ by: 'action', text }))
  await until(() => expect([received, ours]).toEqual([said, said]))
  await theirs.whisper({ type: 'typing', who: 'ben' })
  await until(() => expect(ours.at(-1)).toEqual({ type: 'typing', who: 'ben' }))
  await client.publish(ROOM, 'typing', { who: 'ana' })
  await until(() => expect(received.at(-1)).toEqual({ who: 'ana', type: 'typing' }))

  const resource = resourceOf('RoomChannel', { room: '1' })
  let users: readonly unknown[] = []
  presence.of(resource).subscribe((seen) => {
    users = seen.map(({ id, meta }) => [id, meta])
  })
  await theirs.presence.join('ben', { name: 'Ben' })
  presence.enter(resource, { name: 'Ana' })
  const both = { ana: { name: 'Ana' }, ben: { name: 'Ben' } }
  await until(() => expect(Object.fromEntries(users as [string, unknown][])).toEqual(both))
  await until(async () => expect(await theirs.presence.info()).toEqual(both))

  // Both know the time of the server by now, and receive what they missed.
  const pongs = server.commands.filter(({ command }) => command === 'pong').length
  await until(() =>
    expect(server.commands.filter(({ command }) => command === 'pong').length).toBeGreaterThan(
      pongs + 4,
    ),
  )
  const [theirCount, ourCount] = [received.length, ours.length]
  await server.cut()
  for (const n of [1, 2, 3]) server.publish('1', { n })
  const missed = [1, 2, 3].map((n) => ({ n }))
  await until(() => expect(ours.slice(ourCount)).toEqual(missed))
  await until(() => expect(received.slice(theirCount)).toEqual(missed))
  server.publish('1', { n: 4 })
  await until(() => expect(ours.at(-1)).toEqual({ n: 4 }))
  await until(() => expect(received.at(-1)).toEqual({ n: 4 }))
  expect(subscription.status.get()).toEqual({ name: 'live' })
  const restored = server.urls.filter((url) => url.includes('sid='))
  expect(restored).toHaveLength(2)
  // Neither has subscribed again to what the server restored.
  expect(server.commands.filter(({ command }) => command === 'subscribe')).toHaveLength(2)
  expect(errors).toEqual([])
})
