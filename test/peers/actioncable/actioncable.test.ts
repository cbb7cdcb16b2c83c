import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bindList, ChannelSubscriber, type ClientOptions } from 'wirefold'
import { channelWith } from 'wirefold/dialects'
import { actioncable } from 'wirefold/dialects/actioncable'
import { freePort } from '../../support/free-port.ts'
import { connect, until } from '../../support/live.ts'

const FILE = 'test/peers/actioncable/cable.ru'
const { status } = spawnSync('ruby', ['-e', 'require "action_cable"; require "puma"'])
if (status !== 0) {
  const message =
    '\n*** No Action Cable: its tests are SKIPPED. Install it (Debian: apt-get install\n' +
    '*** --no-install-recommends ruby-actioncable puma).\n'
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
}

/** Starts Action Cable on Puma, until the end of the test. */
async function rails() {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const start = async () => {
    const args = ['-b', `tcp://127.0.0.1:${port}`, '-t', '2:5', '-w', '0', '-e', 'production', FILE]
    const child = spawn('puma', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const exited = once(child, 'exit')
    let printed = ''
    child.stderr.on('data', (chunk) => (printed += chunk))
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`puma ended:\n${printed}`)
      await fetch(origin)
    })
    return async () => {
      child.kill('SIGKILL')
      await exited
    }
  }
  let kill = await start()
  onTestFinished(() => kill())
  const ask = (path: string, query: Record<string, string> = {}) =>
    fetch(`${origin}${path}?${new URLSearchParams(query)}`)
  return {
    url: `ws://127.0.0.1:${port}/cable`,
    publish: (to: string, data: unknown) => ask('/publish', { to, data: JSON.stringify(data) }),
    kick: (user: string) => ask('/kick', { user }),
    restart: () => ask('/restart'),
    kill: () => kill(),
    async start() {
      kill = await start()
    },
  }
}

const as = (token: string, options: ClientOptions = {}): ClientOptions => ({
  dialect: actioncable(),
  auth: () => token,
  ...options,
})
const room = (id: string) => ({ params: { room: id } })

describe.skipIf(status !== 0)('Action Cable of Rails', () => {
  it('is spoken to from the first subscribe to a killed and restarted server', async () => {
    const server = await rails()
    const { client, errors } = connect(server.url, as('t-ana'))
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    const first = channels.subscribe(
      'RoomChannel',
      (payload, { type }) => received.push([type, payload]),
      room('1'),
    )
    const statuses: string[] = []
    first.status.subscribe(({ name }) => statuses.push(name))
    await first.ready
    const hello = ['hello', { type: 'hello', to: 'ana' }]
    await until(() => expect(received).toEqual([hello]))

    const secret = channels.subscribe('RoomChannel', () => {}, room('secret-9'))
    await expect(secret.ready).rejects.toMatchObject({ code: 'forbidden' })

    const rows = [{ id: 1, title: 'one' }]
    const tasks = bindList(channels, 'TasksChannel', { load: async () => ({ state: [...rows] }) })
    let shown: readonly object[] = []
    tasks.state.subscribe((now) => {
      shown = now
    })
    await tasks.ready
    await server.publish('tasks', { type: 'entity:updated', id: 1, title: 'changed' })
    await until(() => expect(shown).toMatchObject([{ id: 1, title: 'changed' }]))

    const ROOM = channelWith('RoomChannel', { room: '1' })
    await client.request('boom', {}, { channel: ROOM })
    await client.request('no_such_action', {}, { channel: ROOM })
    await client.request('speak', { text: 'hi' }, { channel: ROOM })
    const said = (text: string, by = 'ana') => ['said', { type: 'said', by, text }]
    await until(() => expect(received).toEqual([hello, said('hi')]))
    await server.publish('room:1', { type: 'said', by: 'ben', text: 'outside' })
    await until(() => expect(received.at(-1)).toEqual(said('outside', 'ben')))

    // The server asks its clients to come back.
    const { opens } = client.stats()
    await server.restart()
    await until(() => expect(client.stats().opens).toBe(opens + 1))
    await until(() => expect(statuses.at(-1)).toBe('gap'))
    first.caughtUp()
    await server.kick('ana')
    await until(() => expect(client.stats().opens).toBe(opens + 2))
    await until(() => expect(statuses.at(-1)).toBe('gap'))
    first.caughtUp()

    await server.kill()
    await until(() => expect(statuses.at(-1)).toBe('recovering'))
    rows.push({ id: 2, title: 'two' })
    await server.start()
    await until(() => expect(statuses.at(-1)).toBe('gap'))
    // The list is fetched again, the room is for the application to fetch.
    await until(() => expect(shown).toMatchObject([{ id: 1 }, { id: 2 }]))
    await client.request('speak', { text: 'back' }, { channel: ROOM })
    await until(() => expect(received.at(-1)).toEqual(said('back')))
    expect(received.filter((event) => String(event) === String(hello))).toHaveLength(4)
    expect(errors).toEqual([])
  })

  it('refuses credentials for good, after it was asked with others', async () => {
    const server = await rails()
    const tokens = ['nope', 'no']
    const { client } = connect(server.url, as('', { auth: () => tokens.shift() ?? '' }))
    client.on('failed', () => {})
    await expect(client.connect()).rejects.toMatchObject({
      code: 'failed',
      detail: { reason: 'unauthorized', closeCode: 4401 },
    })
    expect(tokens).toEqual([])
    const other = connect(
      server.url,
      as('', { auth: (why) => (why === 'refused' ? 't-ben' : 'old') }),
    )
    await other.client.connect()
  })

  it('is left and entered again, and shares a room among its users', async () => {
    const server = await rails()
    const ROOM = channelWith('RoomChannel', { room: '1' })
    const received: Record<string, unknown[]> = { ana: [], ben: [] }
    for (const name of ['ana', 'ben']) {
      const { client } = connect(server.url, as(`t-${name}`))
      const channels = new ChannelSubscriber(client)
      const handler = (payload: object) => 'text' in payload && received[name]?.push(payload.text)
      await channels.subscribe('RoomChannel', handler, room('1')).ready
      await client.request('speak', { text: `hi of ${name}` }, { channel: ROOM })
      await until(() => expect(received[name]?.at(-1)).toBe(`hi of ${name}`))
    }
    expect(received).toEqual({ ana: ['hi of ana', 'hi of ben'], ben: ['hi of ben'] })
  })

  it('carries out the actions that follow a subscribe at once, also after a lost connection', async () => {
    const server = await rails()
    const { client } = connect(server.url, as('t-ana'))
    const channels = new ChannelSubscriber(client)
    const received = new Set<string>()
    const rooms = Array.from({ length: 20 }, (_, n) => `r${n}`)
    const speak = (text: string) => {
      for (const id of rooms) {
        const channel = channelWith('RoomChannel', { room: id })
        void client.request('speak', { text: `${text} ${id}` }, { channel })
      }
    }
    for (const id of rooms) {
      const handler = ({ text }: { text?: string }) => text && received.add(text)
      channels.subscribe('RoomChannel', handler, room(id))
    }
    speak('first')
    await until(() => expect(received.size).toBe(20))
    await server.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    speak('second')
    await server.start()
    await until(() => expect(received.size).toBe(40))
  })

  it('sends the first messages of a channel again where it is subscribed to anew', async () => {
    const server = await rails()
    // Rails may carry out the unsubscribe after the subscribe, which it then has ignored: the client asks again.
    const { client } = connect(server.url, as('t-ana', { requestTimeoutMs: 1_000 }))
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    const first = channels.subscribe(
      'RoomChannel',
      ({ to }: { to: string }) => received.push(to),
      room('1'),
    )
    await until(() => expect(received).toEqual(['ana']))
    first.renew()
    await until(() => expect(received.length).toBeGreaterThan(1))
    await until(() => expect(first.status.get().name).not.toBe('recovering'))
  })

  it('sends pings that keep the connection', async () => {
    const server = await rails()
    // Pings come every 3 s: without them the connection would be given up after 9 s.
    const { client } = connect(server.url, as('t-ana'))
    await client.connect()
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    expect(client.state.get().name).toBe('open')
    expect(client.stats().opens).toBe(1)
  })
})
