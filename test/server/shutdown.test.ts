import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { nativeMount, RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'
import { RawClient, serve } from './raw-client.ts'

/** Opens a TCP socket that upgrades and then sends nothing more. */
function mute(port: number): Promise<{ readonly ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  const key = Buffer.alloc(16).toString('base64')
  const lines = ['GET /ws HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket']
  const own = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`]
  socket.write(`${[...lines, ...own].join('\r\n')}\r\n\r\n`)
  socket.on('error', () => {})
  return new Promise((resolve) => socket.once('data', () => resolve({ ended })))
}

describe('a server that closes', () => {
  it('closes every socket with 1001, and any number of times', async () => {
    const { server, url } = await serve()
    const clients = [await RawClient.greeted(url), await RawClient.open(url)]
    const closing = server.close()
    expect(server.close()).toBe(closing)
    await closing
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'the server is closing' })
    }
    expect(server.stats()).toMatchObject({ connections: 0, channels: 0, subscriptions: 0 })
    await server.close()
  })

  it('uses the code and reason it is given', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await server.close({ code: 1012, reason: '{"windowMs":1000}' })
    expect(await client.closed).toEqual({ code: 1012, reason: '{"windowMs":1000}' })
  })

  it('closes sockets that do not respond within a second', async () => {
    const { server, port } = await serve()
    const { ended } = await mute(port)
    const start = performance.now()
    await server.close()
    const took = performance.now() - start
    await ended
    expect(took).toBeGreaterThan(900)
    // `ws` by itself waits for 30 s.
    expect(took).toBeLessThan(25_000)
  })

  it('refuses new sockets with 503 meanwhile, and runs no more requests', async () => {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as AddressInfo
    const server = new RealtimeServer()
    server.attach(http)
    const handled: unknown[] = []
    server.handle('note', (payload) => handled.push(payload))
    const url = `ws://127.0.0.1:${port}/ws`
    const client = await RawClient.greeted(url)
    await mute(port)
    const closing = server.close()
    client.send({ type: 'note', requestId: 'r', payload: 1 })
    const late = new RawClient(url)
    const status = await new Promise((resolve) =>
      late.ws.on('unexpected-response', (_, response) => resolve(response.statusCode)),
    )
    expect(status).toBe(503)
    await closing
    expect(handled).toEqual([])
    expect(http.listening).toBe(true)
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })

  it('can neither publish nor serve afterwards', async () => {
    const { server } = await serve()
    await server.close()
    await expect(server.publish('a', 'x')).rejects.toMatchObject({ code: 'closed' })
    await expect(server.listen()).rejects.toMatchObject({ code: 'closed' })
    expect(() => server.attach(createServer())).toThrow('closed')
  })

  it('resolves despite an invalid code or a mount that throws, and reports both errors', async () => {
    const { server, url, errors } = await serve()
    server.mount('/broken', {
      protocols: [],
      open: () => {
        throw new Error('no sessions')
      },
      unmounted: () => {
        throw new Error('not unmounted')
      },
    })
    const client = await RawClient.greeted(url)
    await server.close({ code: 1006, reason: 'ü'.repeat(100) })
    expect(await client.closed).toEqual({ code: 1001, reason: 'ü'.repeat(61) })
    expect(errors).toMatchObject([
      { code: 'bad-option', detail: { option: 'code' } },
      { message: 'not unmounted' },
    ])
  })

  it.each([
    { reason: null },
    { reason: new Error('x') },
    { reason: 5 },
    { reason: Symbol('x') },
    null,
  ])(
    'resolves for the options %o, closes with the defaults, and reports the mistake',
    async (options) => {
      const { server, url, errors } = await serve()
      const client = await RawClient.greeted(url)
      // @ts-expect-error a caller without types
      await server.close(options)
      expect(await client.closed).toEqual({ code: 1001, reason: 'the server is closing' })
      expect(errors).toMatchObject([{ code: 'bad-option' }])
    },
  )
})

describe('a mount that cannot be added', () => {
  it('leaves its path free for another mount', async () => {
    const { server, url } = await serve()
    const broken = {
      protocols: [],
      mounted: () => {
        throw new Error('in use')
      },
      open: () => {
        throw new Error('never opened')
      },
    }
    expect(() => server.mount('/p', broken)).toThrow('in use')
    server.mount('/p', nativeMount())
    await RawClient.greeted(url.replace('/ws', '/p'))
  })
})

describe('a connection that the application ends', () => {
  it('is closed with a reason truncated between two characters', async () => {
    const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
    const client = await RawClient.greeted(url)
    server.disconnectUser('ada', { code: 4403, reason: `x${'😀'.repeat(50)}` })
    expect(await client.closed).toEqual({ code: 4403, reason: `x${'😀'.repeat(30)}` })
  })

  it.each([1004, 1005, 1006, 1015, 999, 2000, 5000, Number.NaN, 4000.5])(
    'is closed with the default code instead of %s, and the caller gets the error',
    async (code) => {
      const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
      const [one, two] = [await RawClient.greeted(url), await RawClient.greeted(url)]
      const [{ id } = { id: '' }] = server.connections()
      const mistake = expect.objectContaining({ code: 'bad-option', detail: { option: 'code' } })
      expect(() => server.disconnect(id, { code })).toThrow(mistake)
      expect(() => server.disconnectUser('ada', { code })).toThrow(mistake)
      for (const client of [one, two]) {
        expect(await client.closed).toEqual({ code: 4401, reason: 'signed out' })
      }
    },
  )

  it.each([
    [{ reason: null }, 'reason'],
    [{ reason: 5 }, 'reason'],
    [{ reason: {} }, 'reason'],
    [{ code: '4403' }, 'code'],
    [{ code: null }, 'code'],
    [{ code: Symbol('x') }, 'code'],
    [new Proxy({}, { get: () => raise('unreadable') }), 'code'],
    [null, 'options'],
    [5, 'options'],
    ['bye', 'options'],
  ])(
    'is closed with the defaults for the options %#, and the caller gets the error',
    async (options, option) => {
      const { server, url, errors } = await serve({ authenticate: () => ({ id: 'ada' }) })
      const [one, two] = [await RawClient.greeted(url), await RawClient.greeted(url)]
      const [{ id } = { id: '' }] = server.connections()
      const mistake = expect.objectContaining({ code: 'bad-option', detail: { option } })
      // @ts-expect-error a caller without types
      expect(() => server.disconnect(id, options)).toThrow(mistake)
      // @ts-expect-error a caller without types
      expect(() => server.disconnectUser('ada', options)).toThrow(mistake)
      for (const client of [one, two]) {
        expect(await client.closed).toEqual({ code: 4401, reason: 'signed out' })
      }
      expect(errors).toEqual([])
    },
  )

  it('is disconnected if its close frame cannot be sent', async () => {
    const { server, url, errors } = await serve()
    const client = await RawClient.greeted(url)
    const [{ id } = { id: '' }] = server.connections()
    const close = vi.spyOn(WebSocket.prototype, 'close')
    onTestFinished(() => close.mockRestore())
    close.mockImplementation(() => raise('no close frame'))
    server.disconnect(id)
    expect(await client.closed).toMatchObject({ code: 1006 })
    expect(errors).toMatchObject([{ message: 'no close frame' }])
  })
})

function raise(message: string): never {
  throw new Error(message)
}
