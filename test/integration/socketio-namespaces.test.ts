import type { Socket } from 'socket.io'
import { io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, webSocketTransport } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import { acknowledge, engineIoTransport, socketio } from 'wirefold/dialects/socketio'
import { socketioClient } from 'wirefold/socketio-client'
import { WebSocket } from 'ws'
import { connect, until } from '../support/live.ts'
import { serveRooms } from '../support/peers/room-server.ts'

const resting = { autoConnect: false, reconnection: false, forceNew: true }
const transports: Readonly<Record<string, (url: string) => TransportFactory>> = {
  'Engine.IO over ws': () => engineIoTransport(webSocketTransport(WebSocket)),
  'an instance of socket.io-client': (url) => socketioClient(io(url, resting)),
}

describe.each(Object.entries(transports))('a namespace over %s', (_, over) => {
  /** A client of a server whose namespaces accept only once the test lets them. */
  async function started() {
    const server = await serveRooms({ recovery: false })
    const waiting: (() => void)[] = []
    const said: unknown[] = []
    server.io.of('/slow').use((_, next) => void waiting.push(() => next()))
    server.io.of('/slow').on('connection', (socket: Socket) => {
      socket.on('echo', (value, answer) => {
        said.push(value)
        answer?.(value)
      })
      socket.on('bye', () => socket.disconnect())
      socket.on('ask', () => socket.emit('question', 1, (answer: unknown) => said.push(answer)))
    })
    const accept = async () => {
      await until(() => expect(waiting).not.toEqual([]))
      for (const next of waiting.splice(0)) next()
    }
    const { client, errors } = connect(server.url, {
      dialect: socketio(),
      transport: over(server.url),
    })
    const channels = new ChannelSubscriber(client, { lingerMs: 0 })
    const connections = () => server.log.filter((line) => line === 'connected /').length
    return { server, client, channels, errors, accept, waiting, said, connections }
  }

  it('gets what is sent in the same moment as its subscribe once it has accepted', async () => {
    const { client, channels, accept, said, connections, errors } = await started()
    const slow = channels.subscribe('/slow', () => {})
    const first = client.request('echo', 1, { channel: '/slow' })
    const published = client.publish('/slow', 'echo', 2)
    const bytes = client.request('echo', Uint8Array.of(3), { channel: '/slow' })
    await accept()
    expect(await Promise.all([first, bytes, published])).toEqual([
      1,
      Uint8Array.of(3),
      expect.any(String),
    ])
    await slow.ready
    expect([said.length, connections(), errors]).toEqual([3, 1, []])
  })

  it('is connected to for a request, and a later subscribe finds it so', async () => {
    const { client, channels, accept, connections } = await started()
    const reply = client.request('echo', 1, { channel: '/slow' })
    await accept()
    expect(await reply).toBe(1)
    const received: unknown[] = []
    const slow = channels.subscribe('/slow', (payload) => received.push(payload))
    await slow.ready
    expect(await client.request('echo', 2, { channel: '/slow' })).toBe(2)
    expect(connections()).toBe(1)
  })

  it('rejects what was sent to it when it refuses, and the next time as well', async () => {
    const { client, channels, connections } = await started()
    await client.connect()
    for (let times = 0; times < 2; times++) {
      const refused = { code: 'refused', message: expect.stringContaining('closed today') }
      const reply = client.request('echo', 1, { channel: '/closed' })
      const published = client.publish('/closed', 'echo', 1)
      await expect(reply).rejects.toMatchObject(refused)
      await expect(published).rejects.toMatchObject(refused)
    }
    await expect(channels.subscribe('/closed', () => {}).ready).rejects.toMatchObject({
      code: 'refused',
    })
    expect([connections(), client.state.get().name]).toEqual([1, 'open'])
  })

  it('gets the requests of a client without a connection after the next one', async () => {
    const { server, client, channels, accept, waiting, connections } = await started()
    const slow = channels.subscribe('/slow', () => {})
    await accept()
    await slow.ready
    let reply: Promise<unknown> | undefined
    await server.cutDuring(async () => {
      await until(() => expect(client.state.get().name).not.toBe('open'))
      reply = client.request('echo', 7, { channel: '/slow' })
    })
    await until(() => expect(waiting).toHaveLength(1))
    await accept()
    expect(await reply).toBe(7)
    expect(connections()).toBe(2)
  })

  it('is connected to again after the server has disconnected it', async () => {
    const { client, channels, accept, connections } = await started()
    const slow = channels.subscribe('/slow', () => {})
    await accept()
    await slow.ready
    await client.publish('/slow', 'bye', 1)
    await until(() => expect(slow.status.get().name).toBe('refused'))
    const reply = client.request('echo', 7, { channel: '/slow' })
    await accept()
    expect(await reply).toBe(7)
    expect(connections()).toBe(1)
  })

  it('may be left and joined again before it has accepted', async () => {
    const { client, channels, waiting, connections } = await started()
    await client.connect()
    const first = channels.subscribe('/slow', () => {})
    await client.request('unknown', 1, { timeoutMs: 50 }).catch(() => {})
    first()
    await client.request('unknown', 1, { timeoutMs: 50 }).catch(() => {})
    const second = channels.subscribe('/slow', () => {})
    await until(() => {
      for (const next of waiting.splice(0)) next()
      expect(second.status.get().name).toBe('live')
    })
    const reply = client.request('echo', 7, { channel: '/slow' })
    expect(await reply).toBe(7)
    expect(connections()).toBe(1)
  })

  it('that was left is not answered any more', async () => {
    const { client, channels, accept, connections, said, server } = await started()
    const events: Parameters<typeof acknowledge>[1][] = []
    const slow = channels.subscribe('/slow', (_, event) => events.push(event))
    await accept()
    await slow.ready
    await client.publish('/slow', 'ask', 1)
    await until(() => expect(events).toHaveLength(1))
    slow()
    await until(() => expect(server.io.of('/slow').sockets.size).toBe(0))
    for (const event of events) await acknowledge(client, event, 'late')
    await expect(client.request('unknown', 1, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'request-timeout',
    })
    expect([said, connections(), client.state.get().name]).toEqual([[], 1, 'open'])
  })
})
