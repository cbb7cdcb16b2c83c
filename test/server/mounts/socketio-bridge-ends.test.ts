import type { Socket } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { bridged } from '../../support/bridged.ts'
import { until } from '../../support/live.ts'
import { deferred, RawClient } from '../raw-client.ts'

/** Resolves with the arguments of the next event. */
const next = (socket: Socket, name: string): Promise<readonly unknown[]> =>
  new Promise((resolve) => socket.once(name, (...args: unknown[]) => resolve(args)))

/** Opens a bare WebSocket, whose CONNECT the test sends. */
async function rawClient(port: number): Promise<RawClient> {
  const client = await RawClient.open(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`)
  await client.text()
  return client
}

describe('a session of the Socket.IO bridge', () => {
  it('is not opened on a connection that ended in an earlier `io.use`', async () => {
    const asked = deferred<void>()
    const may = deferred<void>()
    const { server, io, port } = await bridged(
      {},
      {
        before: (namespace) =>
          namespace.use(async (_socket, proceed) => {
            asked.resolve()
            await may.promise
            proceed()
          }),
      },
    )
    const client = await rawClient(port)
    client.send('40{"token":"any"}')
    await asked.promise
    client.ws.terminate()
    await until(() => expect(io.engine.clientsCount).toBe(0))
    may.resolve()
    await new Promise(setImmediate)
    expect(server.connections()).toEqual([])
    expect(server.stats().opens).toBe(0)
  })

  it('is not opened on a connection that Socket.IO ended with the CONNECT', async () => {
    const { server, io, port } = await bridged()
    const client = await rawClient(port)
    // Before the CONNECT is answered, Socket.IO ends the connection of a client that sends an event.
    client.send('40{"token":"any"}')
    client.send('42["early"]')
    await client.closed
    await until(() => expect(io.engine.clientsCount).toBe(0))
    await new Promise(setImmediate)
    expect(server.connections()).toEqual([])
    expect(server.stats()).toMatchObject({ connections: 0, users: 0 })
  })

  it('leaves nothing behind in Socket.IO when the client goes during canConnect', async () => {
    const may = deferred<boolean>()
    const asked = deferred<void>()
    const { server, io, port } = await bridged({
      canConnect: () => {
        asked.resolve()
        return may.promise
      },
    })
    const client = await rawClient(port)
    client.send('40{"token":"any"}')
    await asked.promise
    client.ws.terminate()
    await until(() => expect(io.engine.clientsCount).toBe(0))
    may.resolve(true)
    await until(() => expect(server.connections()).toEqual([]))
    await until(() => expect(Reflect.get(io.of('/'), '_preConnectSockets').size).toBe(0))
  })

  it('ends when a later `io.use` refuses the client, whose connection stays', async () => {
    const { server, io, stock } = await bridged()
    io.use((_socket, proceed) => proceed(new Error('not today')))
    io.of('/other')
    const other = stock({}, '/other')
    await next(other, 'connect')
    const socket = other.io.socket('/')
    expect((await next(socket, 'connect_error'))[0]).toMatchObject({ message: 'not today' })
    await until(() => expect(server.connections()).toEqual([]))
    expect(other.connected).toBe(true)
  })

  it('is one of its client, whose application calls connect() twice', async () => {
    const known = deferred<{ id: string }>()
    const { server, io, stock } = await bridged({ authenticate: () => known.promise })
    io.of('/other')
    const other = stock({}, '/other')
    await next(other, 'connect')
    const socket = other.io.socket('/')
    socket.connect()
    await until(() => expect(Reflect.get(io.of('/'), '_preConnectSockets').size).toBe(2))
    known.resolve({ id: 'ada' })
    expect(await socket.emitWithAck('subscribe', 'room:1')).toEqual({ ok: true })
    expect(server.stats().opens).toBe(1)
    other.io.engine.close()
    await until(() => expect(Reflect.get(io.of('/'), '_preConnectSockets').size).toBe(0))
  })

  it('ends with the connection of a client that sends many CONNECTs at once', async () => {
    const known = deferred<{ id: string }>()
    const { server, io, port } = await bridged({ authenticate: () => known.promise })
    const client = await rawClient(port)
    for (let sent = 0; sent < 20; sent++) client.send('40{"token":"any"}')
    await client.closed
    known.resolve({ id: 'ada' })
    await until(() => expect(server.connections()).toEqual([]))
    expect(server.stats().opens).toBe(1)
    await until(() => expect(Reflect.get(io.of('/'), '_preConnectSockets').size).toBe(0))
  })

  it.each(['websocket', 'polling'])(
    'carries out what a client sent before it disconnected, over %s',
    async (transport) => {
      const { server, stock } = await bridged({
        authorize: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20))
          return true
        },
      })
      const ran: unknown[] = []
      server.handle('note', (value: unknown) => {
        ran.push(value)
      })
      const watcher = stock()
      const said: unknown[] = []
      watcher.on('said', (value: unknown) => said.push(value))
      await watcher.emitWithAck('subscribe', 'room:1')
      const socket = stock({ transports: [transport] })
      await next(socket, 'connect')
      socket.emit('publish', 'room:1', 'said', 1)
      socket.emit('note', 1)
      socket.emit('publish', 'room:1', 'said', 2)
      socket.emit('note', 2)
      socket.disconnect()
      await until(() =>
        expect([ran, said]).toEqual([
          [1, 2],
          [1, 2],
        ]),
      )
    },
  )
})
