import type { Server } from 'node:http'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Mount, UpgradeRequest } from 'wirefold/server'
import { nativeMount, RealtimeServer } from 'wirefold/server'
import { WebSocketServer } from 'ws'
import { refusedUpgrade } from '../http/refused-upgrade.ts'
import { RawClient, serve } from '../raw-client.ts'

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Returns the status and code of a refused upgrade. */
async function refused(url: string, headers: Record<string, string> = {}) {
  const { status, body } = await refusedUpgrade(url, headers)
  return [status, body.code]
}

/** A mount that sends each socket the parameters of its path. */
function mirror(seen: UpgradeRequest[] = []): Mount {
  return {
    protocols: [],
    open(socket, request) {
      seen.push(request)
      socket.send(JSON.stringify(Object.fromEntries(request.params)))
      return {
        text() {},
        binary() {},
        closed() {},
        info: () => ({ id: 'm', dialect: 'mirror', user: undefined, channels: [] }),
      }
    },
  }
}

describe('a server', () => {
  it('serves the native protocol at /ws of an HTTP server that also serves pages', async () => {
    const http = createServer((_, response) => response.end('page'))
    const base = await listening(http)
    const server = new RealtimeServer()
    server.attach(http)
    const client = await RawClient.greeted(`${base}/ws?x=1`)
    const page = await fetch(`${base.replace('ws', 'http')}/ws`)
    expect(await page.text()).toBe('page')
    await server.close()
    expect((await client.closed).code).toBe(1001)
    expect(await (await fetch(base.replace('ws', 'http'))).text()).toBe('page')
    expect(http.listenerCount('upgrade')).toBe(0)
  })

  it('serves several HTTP servers and paths with one set of channels', async () => {
    const [one, two] = [createServer(), createServer()]
    const [first, second] = [await listening(one), await listening(two)]
    const server = new RealtimeServer()
    onTestFinished(() => server.close())
    server.attach(one)
    server.attach(two)
    server.mount('/other', nativeMount())
    server.attach(one)
    expect(one.listenerCount('upgrade')).toBe(1)
    const clients = [
      await RawClient.greeted(`${first}/ws`),
      await RawClient.greeted(`${second}/ws`),
      await RawClient.greeted(`${second}/other`),
    ]
    for (const client of clients) await client.subscribe('a')
    await server.publish('a', 'x')
    for (const client of clients) await client.next('x')
  })

  it('shares nothing with another server of the process', async () => {
    const [one, two] = [await serve(), await serve()]
    expect(one.port).not.toBe(two.port)
    const [ada, bob] = [await RawClient.greeted(one.url), await RawClient.greeted(two.url)]
    await ada.subscribe('a')
    await bob.subscribe('a')
    await one.server.publish('a', 'x')
    await ada.next('x')
    expect(await bob.settled()).toEqual([])
  })

  it('passes the parameters of a path', async () => {
    const { server, url } = await serve()
    const seen: UpgradeRequest[] = []
    server.mount('/rooms/:room/of/:user', mirror(seen))
    const base = url.slice(0, -'/ws'.length)
    const client = await RawClient.open(`${base}/rooms/a%2Fb%20c/of/ada?token=t&token=u`)
    expect(await client.next()).toEqual({ room: 'a/b c', user: 'ada' })
    expect(seen[0]?.query.getAll('token')).toEqual(['t', 'u'])
    expect(seen[0]?.url).toBe('/rooms/a%2Fb%20c/of/ada?token=t&token=u')
  })

  it.each(['/', '/nothing', '/ws/', '/rooms//x', '/rooms/%E0%A4%A/x', '/rooms/a/x/y', '//ws'])(
    'refuses the unknown path %s with 404',
    async (path) => {
      const { server, url } = await serve()
      server.mount('/rooms/:room/x', mirror())
      const answer = await refused(`${url.slice(0, -'/ws'.length)}${path}`)
      expect(answer).toEqual([404, 'not-found'])
    },
  )

  it('leaves unknown paths to another upgrade listener', async () => {
    const http = createServer()
    const base = await listening(http)
    const server = new RealtimeServer()
    onTestFinished(() => server.close())
    server.attach(http)
    const other = new WebSocketServer({ noServer: true })
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/hmr') other.handleUpgrade(request, socket, head, (ws) => ws.send('{}'))
    })
    expect(await (await RawClient.open(`${base}/hmr`)).next()).toEqual({})
    await RawClient.greeted(`${base}/ws`)
  })

  it('refuses two mounts at one path, and invalid paths', async () => {
    const { server } = await serve()
    expect(() => server.mount('/ws', mirror())).toThrow(/has a mount already/)
    expect(() => server.mount('x', mirror())).toThrow(/no path of a mount/)
  })

  it('survives a mount that throws', async () => {
    const { server, url, errors } = await serve()
    const fail = (): never => {
      throw new Error('mount')
    }
    const info = () => ({ id: 'm', dialect: 'm', user: undefined, channels: [] })
    const base = { protocols: [], open: () => ({ text: fail, binary: fail, closed: fail, info }) }
    server.mount('/refuse', { ...base, refuse: fail })
    server.mount('/open', { ...base, open: fail })
    server.mount('/run', base)
    const at = (path: string) => `${url.slice(0, -'/ws'.length)}${path}`
    expect(await refused(at('/refuse'))).toEqual([500, 'internal'])
    expect(await (await RawClient.open(at('/open'))).closed).toEqual({
      code: 1011,
      reason: 'internal',
    })
    const client = await RawClient.open(at('/run'))
    client.send('{}')
    await expect.poll(() => errors.length).toBe(3)
    client.ws.close()
    await expect.poll(() => [server.stats().connections, errors.length]).toEqual([0, 4])
  })

  it('rejects a port that is in use', async () => {
    const { port } = await serve()
    const server = new RealtimeServer()
    await expect(server.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await server.close()
  })

  it('replies to plain requests of its own HTTP server with 426', async () => {
    const { port } = await serve()
    const status = await new Promise((resolve) => {
      get(`http://127.0.0.1:${port}/ws`, (response) => {
        resolve(response.statusCode)
        response.resume()
      })
    })
    expect(status).toBe(426)
  })

  it('accepts sockets without a subprotocol, and selects no unknown one', async () => {
    const { url } = await serve()
    const none = await RawClient.open(url)
    expect(none.ws.protocol).toBe('')
    const unknown = new RawClient(url, { protocols: ['soap'] })
    // RFC 6455 §4.1: a client fails the connection if none of its subprotocols is selected.
    expect((await unknown.closed).code).toBe(1006)
  })
})

describe('an origin', () => {
  const origins = ['https://app.example.com']

  it('that is listed may connect, and so may a request without one', async () => {
    const { url } = await serve({ origins })
    await RawClient.open(url, { headers: { origin: 'https://app.example.com' } })
    await RawClient.open(url)
  })

  it.each([
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.test',
    'https://evil.test',
    'HTTPS://APP.EXAMPLE.COM',
    'null',
  ])('%s is refused with 403 before the upgrade', async (origin) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { server, url } = await serve({ origins })
    expect(await refused(url, { origin })).toEqual([403, 'origin-not-allowed'])
    expect(server.stats().connections).toBe(0)
  })
})
