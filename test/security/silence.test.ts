import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect as dial } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRealtimeServer, duuiMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { WebSocketServer } from 'ws'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import { RawClient, serve } from '../server/raw-client.ts'

/** Sends an incomplete request; returns the data received until the connection is closed. */
function halfRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.on('error', () => {})
    socket.on('data', (data) => {
      received += data
    })
    socket.on('close', () => resolve(received))
  })
}

describe('S22 a slow client', () => {
  it.each(['', 'GET /ws HTTP/1.1\r\nHost: x\r\n'])(
    'that does not complete the headers of a request (%j) is disconnected',
    async (text) => {
      const { port } = await serve({ helloTimeoutMs: 200 })
      expect(await halfRequest(port, text)).toMatch(/^$|408/)
    },
  )

  it('that does not greet is closed with 4408', async () => {
    const { url } = await serve({ helloTimeoutMs: 50 })
    const client = await RawClient.open(url)
    expect(await client.closed).toEqual({ code: 4408, reason: 'no hello in time' })
  })
})

describe('S22 a silent client', () => {
  it('is pinged, and closed after two heartbeats and 10 s of silence', async () => {
    const clock = new ManualClock()
    const { server, url } = await serve({ clock })
    const [silent, loud] = [await RawClient.greeted(url), await RawClient.greeted(url)]
    // Simulates a peer that is gone: it answers no pings.
    silent.ws.pong = () => {}
    const requested = new Promise((resolve) => loud.ws.once('ping', resolve))
    await clock.advance(25_000)
    await requested
    for (const seconds of [25_000, 12_500]) {
      await loud.settled()
      await clock.advance(seconds)
    }
    expect(await silent.closed).toEqual({ code: 4408, reason: 'silent for too long' })
    expect(await loud.settled()).toEqual([])
    expect(server.stats().connections).toBe(1)
  })

  it('stays connected if it answers pings, without any messages', async () => {
    const clock = new ManualClock()
    const { server, url } = await serve({ clock })
    server.mount('/processes/:id', duuiMount())
    const client = await RawClient.open(url.replace('/ws', '/processes/p1'))
    await expect.poll(() => server.connections()[0]?.channels).toEqual(['process:p1'])
    for (let minute = 0; minute < 5; minute++) {
      const pinged = new Promise((resolve) => client.ws.once('ping', resolve))
      await clock.advance(25_000)
      await pinged
      await expect.poll(() => server.connections()[0]?.lastHeartbeat).toBe(clock.wall())
    }
    expect(client.ws.readyState).toBe(client.ws.OPEN)
  })

  it("is pinged first after the server's machine slept", async () => {
    const clock = new ManualClock()
    const { server, url } = await serve({ clock })
    const client = await RawClient.greeted(url)
    clock.sleep(3_600_000)
    const pinged = new Promise((resolve) => client.ws.once('ping', resolve))
    await clock.advance(0)
    await pinged
    await expect.poll(() => server.connections()[0]?.lastHeartbeat).toBe(clock.wall())
    await clock.advance(60_000)
    expect(client.ws.readyState).toBe(client.ws.OPEN)
  })
})

describe('S22 an upgrade to a path without a server', () => {
  async function shared() {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      http.closeAllConnections()
      http.close()
    })
    const clock = new ManualClock()
    const attach = () => {
      const server = createRealtimeServer({ clock, onError: () => {} })
      onTestFinished(() => server.close())
      server.attach(http)
      return server
    }
    const { port } = http.address() as AddressInfo
    return { http, clock, attach, port, at: (path: string) => `ws://127.0.0.1:${port}${path}` }
  }

  it('ends with 404 at the deadline, even if two servers share the http server', async () => {
    const { http, clock, attach, at } = await shared()
    attach()
    http.on('upgrade', () => {})
    const second = createRealtimeServer({ clock })
    onTestFinished(() => second.close())
    second.mount('/other', { protocols: [], open: () => Promise.reject() as never })
    second.attach(http, '/ws2')
    const refused = refusedUpgrade(at('/nowhere'))
    await expect.poll(() => clock.timers).toBe(2)
    await clock.advance(10_000)
    expect((await refused).status).toBe(404)
    expect(clock.timers).toBe(0)
  })

  it('is left to another listener that handles it, even late', async () => {
    const { http, clock, attach, at } = await shared()
    attach()
    const other = new WebSocketServer({ noServer: true })
    let serveNow = (): void => {}
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/quick') other.handleUpgrade(request, socket, head, () => {})
      if (request.url !== '/late') return
      socket.on('error', () => {})
      serveNow = () => other.handleUpgrade(request, socket, head, (ws) => ws.send('{}'))
    })
    const quick = await RawClient.open(at('/quick'))
    const late = RawClient.open(at('/late'))
    await expect.poll(() => clock.timers).toBe(2)
    await clock.advance(10_000)
    serveNow()
    expect(await (await late).next()).toEqual({})
    expect(quick.ws.readyState).toBe(quick.ws.OPEN)
  })

  it('does not crash the process if it is reset while pending', async () => {
    const { http, attach, port, clock } = await shared()
    attach()
    let tcp: Duplex | undefined
    http.on('upgrade', (_, socket) => {
      tcp = socket
    })
    const socket = dial(port, '127.0.0.1', () =>
      socket.write(
        'GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
    )
    socket.on('error', () => {})
    await expect.poll(() => tcp).toBeDefined()
    tcp?.destroy(new Error('reset'))
    await expect.poll(() => clock.timers).toBe(0)
  })
})
