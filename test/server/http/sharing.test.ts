import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { WebSocketServer } from 'ws'
import { deferred, RawClient } from '../raw-client.ts'
import { refusedUpgrade } from './refused-upgrade.ts'

/** An HTTP server of one test, and the addresses of its paths. */
async function listening(http: Server = createServer()) {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return { http, port, at: (path: string) => `ws://127.0.0.1:${port}${path}` }
}

function attach(http: Server, path = '/ws', options: RealtimeServerOptions = {}) {
  const server = createRealtimeServer({ onError: () => {}, ...options })
  onTestFinished(() => server.close())
  server.attach(http, path)
  return server
}

/** A server of the application, which sends its name to each client. */
function ownServer(http: Server, path?: string) {
  const own = new WebSocketServer({ server: http, ...(path ? { path } : {}) })
  own.on('connection', (ws) => ws.send('{"type":"own"}'))
  onTestFinished(() => own.close())
  return own
}

describe('an HTTP server that wirefold shares with a WebSocketServer of the application', () => {
  it.each([
    ['before', '/app'],
    ['after', '/app'],
    ['before', undefined],
    ['after', undefined],
  ])('serves both, if wirefold is attached %s it, and it has the path %s', async (order, path) => {
    const { http, at } = await listening()
    if (order === 'before') attach(http)
    ownServer(http, path)
    if (order === 'after') attach(http)
    await RawClient.greeted(at('/ws'))
    const own = await RawClient.open(at('/app'))
    expect(await own.next()).toEqual({ type: 'own' })
    await RawClient.greeted(at('/ws?query=1'))
  })

  it('passes no request for the path of a mount to other listeners, and all others', async () => {
    const { http, at } = await listening()
    const seen: unknown[] = []
    http.on('upgrade', ({ url }) => seen.push(url))
    const server = attach(http)
    server.mount('/rooms/:id', {
      protocols: [],
      open: () => {
        throw new Error('no sessions')
      },
    })
    ownServer(http, '/app')
    await RawClient.greeted(at('/ws'))
    await RawClient.open(at('/rooms/1'))
    await RawClient.open(at('/app'))
    expect(seen).toEqual(['/app'])
  })

  it('waits for a slow canConnect', async () => {
    const { http, at } = await listening()
    ownServer(http, '/app')
    const asked = deferred<void>()
    const may = deferred<boolean>()
    attach(http, '/ws', {
      canConnect: () => {
        asked.resolve()
        return may.promise
      },
    })
    const client = RawClient.greeted(at('/ws'))
    await asked.promise
    may.resolve(true)
    await client
  })

  it('refuses a client itself', async () => {
    const { http, at } = await listening()
    attach(http, '/ws', { canConnect: () => false })
    ownServer(http, '/app')
    expect((await refusedUpgrade(at('/ws'))).body.code).toBe('not-authenticated')
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('loses the paths of servers that close, in the order %i, %i', async (first, second) => {
    const { http, at } = await listening()
    const servers = [attach(http, '/ws0'), attach(http, '/ws1')]
    ownServer(http, '/app')
    for (const n of [0, 1]) await RawClient.greeted(at(`/ws${n}`))
    await servers[first]?.close()
    await expect(RawClient.open(at(`/ws${first}`))).rejects.toThrow('400')
    await RawClient.greeted(at(`/ws${second}`))
    await servers[second]?.close()
    await expect(RawClient.open(at(`/ws${second}`))).rejects.toThrow('400')
    await RawClient.open(at('/app'))
    expect(http.listenerCount('upgrade')).toBe(1)
    attach(http, '/ws0')
    await RawClient.greeted(at('/ws0'))
  })

  it('serves upgrades that another HTTP server passes on, by an older reference too', async () => {
    const { http } = await listening()
    const passOn = http.emit.bind(http, 'upgrade')
    attach(http)
    const { at } = await listening(createServer().on('upgrade', passOn))
    await RawClient.greeted(at('/ws'))
  })
})

describe('an HTTP server that wirefold shares with Socket.IO', () => {
  it('serves both', async () => {
    const { http, port, at } = await listening()
    const sockets = new SocketIoServer(http)
    onTestFinished(() => sockets.close())
    attach(http)
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
    onTestFinished(() => {
      socket.close()
    })
    await new Promise<void>((resolve) => socket.on('connect', resolve))
    await RawClient.greeted(at('/ws'))
  })
})
