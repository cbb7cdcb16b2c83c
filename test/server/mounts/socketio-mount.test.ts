import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions, SocketioMountOptions } from 'wirefold/server'
import { refuse, socketioMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { refusedUpgrade } from '../http/refused-upgrade.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

const ENGINE = 'EIO=4&transport=websocket'
const ONE = '0b7a3c7e-52d4-4d0a-9a35-7d1f0f6b1a01'
const OTHER = '1c8b4d8f-63e5-4e1b-8b46-8e2a1a7c2b02'
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

async function backend(options: RealtimeServerOptions = {}, mount: SocketioMountOptions = {}) {
  const served = await serve(options)
  served.server.mount('/socket.io/', socketioMount(mount))
  const address = `ws://127.0.0.1:${served.port}/socket.io/?`
  /** Opens a socket, and reads the OPEN packet. */
  const open = async () => {
    const client = await RawClient.open(address + ENGINE)
    return { client, handshake: await client.text() }
  }
  /** Opens a socket, and connects to the namespace. */
  const connect = async () => {
    const { client } = await open()
    client.send('40')
    const accepted = [await client.text(), await client.text()]
    return { client, accepted }
  }
  return { ...served, address, open, connect }
}

/** Returns the prefix of the next packet, and the JSON in it. */
async function packet(client: RawClient): Promise<readonly [string, unknown]> {
  const [, prefix = '', json = 'null'] =
    /^(\d+(?:\/[^,]*,\d*)?)(.*)$/s.exec(await client.text()) ?? []
  return [prefix, JSON.parse(json || 'null')]
}

async function ask(client: RawClient, text: string) {
  client.send(text)
  return packet(client)
}

describe('a client of the socketio mount', () => {
  it('plays the recorded session of its backend', async () => {
    const clock = new ManualClock(Date.parse('2025-11-08T10:00:00Z'))
    const { server, open } = await backend({ clock })
    const lines = readFileSync(
      new URL('../../recordings/document-sessions.jsonl', import.meta.url),
      'utf8',
    )
      .trimEnd()
      .split('\n')
      .map((line): { dir: string; eio: string } => JSON.parse(line))
    let { client, handshake } = await open()
    let opens = 0
    for (const { dir, eio } of lines) {
      if (dir === 'c2s') {
        client.send(eio)
        continue
      }
      const [name, data] = eio.startsWith('42') ? JSON.parse(eio.slice(2)) : []
      if (eio.startsWith('0')) {
        if (opens++) {
          client.ws.terminate()
          ;({ client, handshake } = await open())
          client.send('40')
        }
        const recorded = { ...JSON.parse(eio.slice(1)), maxPayload: expect.any(Number) }
        expect(JSON.parse(handshake.slice(1))).toEqual({ ...recorded, sid: expect.any(String) })
        continue
      }
      if (eio.startsWith('41')) {
        const [{ id } = { id: '' }] = server.connections()
        server.disconnect(id, { code: 1008 })
        expect(await client.text()).toBe('41')
        expect((await client.closed).code).toBe(1008)
        continue
      }
      if (eio === '2') await clock.advance(25_000)
      else if (name && !/^(un)?subscribed$|^connected$/.test(name)) {
        const type = name === 'error' ? 'session:error' : name
        await server.publish(`session:${data.sessionId}`, type, data)
      }
      const found = await packet(client)
      if (!name) {
        expect(found).toEqual(eio === '2' ? ['2', null] : ['40', { sid: expect.any(String) }])
      } else {
        const socketId = name === 'connected' && { socketId: expect.any(String) }
        expect(found).toEqual(['42', [name, { ...data, ...socketId, timestamp }]])
      }
      // The recorded client was subscribed to another session, and again after its reconnect.
      const again = eio.startsWith('40') && opens === 2
      if (again) expect(await packet(client)).toMatchObject(['42', ['connected', {}]])
      for (const id of name === 'subscribed' ? [OTHER] : again ? [ONE, OTHER] : []) {
        expect(await ask(client, `42["subscribe","${id}"]`)).toMatchObject([
          '42',
          ['subscribed', {}],
        ])
      }
    }
    expect(client.texts).toEqual([])
  })

  it('has its hello in the protocol: the token of CONNECT is that of the user', async () => {
    const { server, open } = await backend({
      authenticate: ({ token }) => (token === 'secret' ? { id: 'ada' } : undefined),
    })
    const { client, handshake } = await open()
    const { sid } = JSON.parse(handshake.slice(1))
    expect(await ask(client, '40{"token":"secret"}')).toEqual(['40', { sid }])
    expect(await packet(client)).toEqual(['42', ['connected', { socketId: sid, timestamp }]])
    expect(server.connections()).toMatchObject([
      { id: sid, dialect: 'socketio', user: { id: 'ada' } },
    ])
    const refused = await open()
    expect(await ask(refused.client, '40{"token":"wrong"}')).toEqual([
      '44',
      { message: expect.stringContaining('credentials'), data: { code: 'not-authenticated' } },
    ])
    expect((await refused.client.closed).code).toBe(4401)
  })

  it('is refused what it may not subscribe to by an `error` of the session, and stays', async () => {
    const { connect } = await backend({
      validateChannel: (name) => name !== 'session:no uuid',
      authorize: (_user, channel) => channel !== 'session:secret',
    })
    const { client } = await connect()
    const error = (sessionId: string, text: unknown) => [
      ...['42', ['error', { sessionId, error: text, timestamp }]],
    ]
    expect(await ask(client, '42["subscribe","no uuid"]')).toEqual(
      error('no uuid', 'Invalid session id'),
    )
    expect(await ask(client, '42["subscribe","secret"]')).toEqual(
      error('secret', 'This is not allowed.'),
    )
    expect(await ask(client, '42["subscribe","one"]')).toEqual([
      ...['42', ['subscribed', { sessionId: 'one', timestamp }]],
    ])
  })

  it('receives events of its sessions, with their id and time in the first argument', async () => {
    const { server, connect } = await backend()
    const { client } = await connect()
    await ask(client, '42["subscribe","one"]')
    const forged = { sessionId: 'two', timestamp: 'never', progress: 40 }
    await server.publish('session:one', 'progress', forged)
    await server.publish('session:one', 'noted', 'text')
    const reserved = ['connect', 'disconnect', 'connected', 'newListener']
    for (const name of reserved) await server.publish('session:one', name, {})
    await server.publish('session:two', 'progress', {})
    await server.publish('session:one', 'last')
    const sessionId = 'one'
    expect(await packet(client)).toEqual([
      ...['42', ['progress', { sessionId, progress: 40, timestamp }]],
    ])
    expect(await packet(client)).toEqual([
      ...['42', ['noted', { sessionId, value: 'text', timestamp }]],
    ])
    for (const name of reserved) {
      expect(await packet(client)).toEqual(['42', [`session:${name}`, { sessionId, timestamp }]])
    }
    expect(await packet(client)).toEqual(['42', ['last', { sessionId, timestamp }]])
  })

  it('has its events with an acknowledgement answered by the handlers of the server', async () => {
    const { server, connect } = await backend()
    const order: unknown[] = []
    server.handle('double', (n: number) => 2 * n)
    server.handle('nothing', () => undefined)
    server.handle('note', (text) => order.push(text))
    server.handle('sell', () => {
      throw refuse('out-of-stock', 'Sold out.')
    })
    const { client } = await connect()
    expect(await ask(client, '427["double",4]')).toEqual(['437', [8]])
    expect(await ask(client, '428["nothing"]')).toEqual(['438', []])
    expect(await ask(client, '429["sell"]')).toEqual([
      ...['439', [{ error: 'Sold out.', code: 'out-of-stock' }]],
    ])
    expect(await ask(client, '4210["subscribe","one"]')).toMatchObject(['42', ['subscribed', {}]])
    expect(await packet(client)).toEqual(['4310', []])
    client.send('42["note","a"]')
    client.send('42["note","b"]')
    expect(await ask(client, '42["missing"]')).toMatchObject(['42', ['error', { timestamp }]])
    expect(order).toEqual(['a', 'b'])
  })

  it('survives packets that cannot be read, and answers each with an error', async () => {
    const { connect } = await backend({ limits: { malformedPerMinute: 20 } })
    const { client } = await connect()
    const bad = [
      '',
      '{',
      '5',
      '42',
      '42{}',
      '42[]',
      '42[1]',
      '42["connect"]',
      '42["subscribe",1]',
      '42["subscribe",""]',
    ]
    for (const text of [...bad, '45["x"]', '{"kind":"connect"}', '42/admin,["x"]']) {
      expect(await ask(client, text), text).toMatchObject(['42', ['error', { timestamp }]])
    }
    expect(await ask(client, '2')).toEqual(['3', null])
  })

  it('that answers no ping for 45 s is disconnected', async () => {
    const clock = new ManualClock()
    const { connect } = await backend({ clock })
    const { client } = await connect()
    client.ws.pause()
    await clock.advance(25_000)
    await clock.advance(25_000)
    client.ws.resume()
    expect((await client.closed).code).toBe(4408)
  })

  it('connects to the namespace of the mount only', async () => {
    const { server, open } = await backend({}, { namespace: '/admin' })
    const { client } = await open()
    expect(await ask(client, '40')).toEqual([
      ...['44', { message: 'Invalid namespace', data: { code: 'bad-frame' } }],
    ])
    expect(await ask(client, '40/admin,{}')).toMatchObject(['40/admin,', {}])
    expect(await packet(client)).toMatchObject(['42/admin,', ['connected', {}]])
    expect(await ask(client, '42/admin,["subscribe","one"]')).toMatchObject(['42/admin,', {}])
    await server.publish('session:one', 'progress', {})
    expect(await packet(client)).toMatchObject(['42/admin,', ['progress', { sessionId: 'one' }]])
  })

  it('stays connected when it asks for another namespace too, and is refused that', async () => {
    const { server, connect } = await backend()
    const { client } = await connect()
    const refused = { message: 'Invalid namespace', data: { code: 'bad-frame' } }
    expect(await ask(client, '40/admin,')).toEqual(['44/admin,', refused])
    client.send('41/admin,')
    expect(await ask(client, '42["subscribe","one"]')).toMatchObject(['42', ['subscribed', {}]])
    await server.publish('session:one', 'progress')
    expect(await packet(client)).toMatchObject(['42', ['progress', { sessionId: 'one' }]])
  })

  it('that disconnects leaves its sessions and is served no more, on a socket that stays', async () => {
    const decided = deferred<boolean>()
    const { server, connect } = await backend({
      authorize: (_user, channel) => channel !== 'session:two' || decided.promise,
      limits: { malformedPerMinute: 20 },
    })
    const handled: unknown[] = []
    server.handle('note', (text) => handled.push(text))
    const { client } = await connect()
    await ask(client, '42["subscribe","one"]')
    client.send('42["subscribe","two"]')
    client.send('41')
    const refused = {
      message: expect.stringContaining('disconnected'),
      data: { code: 'bad-frame' },
    }
    for (const text of ['42["subscribe","three"]', '42["note","a"]', '40']) {
      expect(await ask(client, text)).toEqual(['44', refused])
    }
    decided.resolve(true)
    await server.publish('session:one', 'progress')
    expect(await ask(client, '2')).toEqual(['3', null])
    expect(server.connections()).toMatchObject([{ dialect: 'socketio', channels: [] }])
    expect(handled).toEqual([])
  })

  it('is refused with 400 for another version or transport of Engine.IO', async () => {
    const { address } = await backend()
    for (const query of ['', 'EIO=3&transport=websocket', 'EIO=4&transport=polling']) {
      expect(await refusedUpgrade(address + query)).toMatchObject({
        ...{ status: 400, body: { code: 'bad-protocol' } },
      })
    }
  })

  it('has a revoked session ended by an error', async () => {
    const { server, connect } = await backend()
    const { client } = await connect()
    await ask(client, '42["subscribe","one"]')
    const [{ id } = { id: '' }] = server.connections()
    server.revoke(id, 'session:one')
    expect(await packet(client)).toMatchObject(['42', ['error', { sessionId: 'one' }]])
    expect(await packet(client)).toMatchObject(['42', ['unsubscribed', { sessionId: 'one' }]])
    expect(await ask(client, '42["unsubscribe","one"]')).toMatchObject(['42', ['unsubscribed', {}]])
  })
})
