import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { engineIo, sessionChannel } from 'wirefold/dialects/socketio'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import { overEngineIo } from '../../support/engine-server.ts'
import { outcomeOf } from '../../support/scripted.ts'

/** Returns the address that a client opens for a URL. */
function opened(url: string): string {
  const clock = new ManualClock()
  const pair = new MemoryPair({ clock })
  new RealtimeClient(url, { ...engineIo(pair), clock }).connect().catch(() => {})
  return pair.last.url
}

describe('Engine.IO around the dialect', () => {
  it.each([
    ['ws://host', 'ws://host/socket.io/?EIO=4&transport=websocket'],
    ['ws://host:3000/', 'ws://host:3000/socket.io/?EIO=4&transport=websocket'],
    ['https://host', 'wss://host/socket.io/?EIO=4&transport=websocket'],
    ['http://host/socket.io/', 'ws://host/socket.io/?EIO=4&transport=websocket'],
    ['wss://host/real/time', 'wss://host/real/time/?EIO=4&transport=websocket'],
    ['ws://host?room=1', 'ws://host/socket.io/?room=1&EIO=4&transport=websocket'],
    ['no address', 'no address'],
  ])('opens %s as %s', (url, address) => {
    expect(opened(url)).toBe(address)
  })

  it('connects, subscribes, requests and replies with the packets of the protocol', async () => {
    const { clock, server, client, errors } = overEngineIo({
      auth: () => ({ token: 't', query: { page: '7' } }),
    })
    const channels = new ChannelSubscriber(client)
    channels.subscribe(sessionChannel('a'), () => {})
    channels.subscribe(sessionChannel('b'), () => {})
    await clock.advance(1)
    const outcome = outcomeOf(client.request('save', { title: 'x' }))
    await clock.advance(1)
    server.send('2')
    server.send('430["saved",2]')
    await clock.advance(1)
    expect(server.pair.last.url).toBe('ws://test/socket.io/?page=7&EIO=4&transport=websocket')
    expect(server.packets).toEqual([
      '40{"token":"t"}',
      '42["subscribe","a"]',
      '42["subscribe","b"]',
      '420["save",{"title":"x"}]',
      '3',
    ])
    expect(outcome).toEqual({ value: 'saved' })
    expect(errors).toEqual([])
  })

  it('accepts an empty acknowledgement, and events that request one', async () => {
    const { clock, server, client, errors } = overEngineIo()
    const received: unknown[] = []
    new ChannelSubscriber(client).subscribe('socket', (payload, { type }) => {
      received.push([type, payload])
    })
    await clock.advance(1)
    const outcome = outcomeOf(client.request('save'))
    await clock.advance(1)
    server.send('430[]')
    server.send('4217["confirm",{"n":1}]')
    server.send('42["numbers",7]')
    await clock.advance(1)
    expect(outcome).toEqual({ value: undefined })
    expect(received).toEqual([
      ['confirm', { n: 1 }],
      ['numbers', 7],
    ])
    expect(errors).toEqual([])
  })

  it('makes the channel socket live at once, without a reply', async () => {
    const { clock, server, client } = overEngineIo()
    const channels = new ChannelSubscriber(client)
    await Promise.all([client.connect(), clock.advance(1)])
    server.silent = true
    const socket = channels.subscribe('socket', () => {})
    const session = channels.subscribe(sessionChannel('a'), () => {})
    const names = () => [socket, session].map(({ status }) => status.get().name)
    await clock.advance(1)
    expect(names()).toEqual(['live', 'pending'])
    server.send('42["subscribed",{"sessionId":"a"}]')
    await clock.advance(1)
    expect(names()).toEqual(['live', 'live'])
    server.silent = false
    socket()
    session()
    await clock.advance(1_000)
    expect(server.events).toEqual(['subscribe a', 'unsubscribe a'])
    expect(channels.size).toBe(0)
  })

  it('sends and receives packets of its namespace only', async () => {
    const { clock, server, client, errors } = overEngineIo({}, { namespace: '/admin' })
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    channels.subscribe(sessionChannel('a'), (payload) => received.push(payload))
    await clock.advance(1)
    const timestamp = '2025-11-08T10:00:00Z'
    const progress = (of: string) => JSON.stringify(['progress', { sessionId: 'a', of, timestamp }])
    server.send(`42${progress('another')}`)
    server.send(`42/admins,${progress('another')}`)
    server.send(`42/admin,${progress('ours')}`)
    server.send('41')
    await clock.advance(1)
    expect(server.packets).toEqual(['40/admin,', '42/admin,["subscribe","a"]'])
    expect(received).toEqual([{ sessionId: 'a', of: 'ours', timestamp }])
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('opens only once the namespace has accepted it', async () => {
    const { clock, server, client } = overEngineIo()
    server.silent = true
    client.connect().catch(() => {})
    await clock.advance(19_999)
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'greeting' })
    server.send('40{"sid":"late"}')
    const welcomed: unknown[] = []
    client.on('opened', (welcome) => welcomed.push(welcome?.connectionId))
    await clock.advance(0)
    expect(client.state.get().name).toBe('open')
    expect(welcomed).toEqual(['late'])
  })

  it('answers pings before the namespace has accepted it, and each once', async () => {
    const { clock, server, client } = overEngineIo()
    server.silent = true
    client.connect().catch(() => {})
    await clock.advance(1)
    server.send('2')
    await clock.advance(1)
    expect(server.packets).toEqual(['40', '3'])
    server.send('40{"sid":"s"}')
    server.send('2')
    await clock.advance(1)
    expect(server.packets).toEqual(['40', '3', '3'])
  })

  it('fails when the server disconnects it, at any time', async () => {
    const { clock, server, client } = overEngineIo()
    client.on('failed', () => {})
    const outcome = outcomeOf(client.connect())
    await clock.advance(1)
    server.send('41')
    server.send('42["late",1]')
    await clock.advance(60_000)
    expect(client.state.get()).toMatchObject({
      name: 'failed',
      error: { detail: { closeCode: 1008, reason: 'io server disconnect' } },
    })
    expect(outcome).toEqual({ value: undefined })
    expect(server.pair.ends).toHaveLength(1)
    expect(server.pair.last.closed).toBeDefined()
  })

  it('requests new credentials once when it is refused', async () => {
    const reasons: string[] = []
    const { clock, server, client } = overEngineIo({
      auth: (reason) => {
        reasons.push(reason)
        return reason === 'refused' ? 'fresh' : 'stale'
      },
    })
    const usual = server.connectReply
    server.connectReply = (packet) =>
      packet.includes('stale') ? '44{"message":"jwt expired"}' : usual(packet)
    const outcome = outcomeOf(client.connect())
    await clock.advance(2_000)
    expect(client.state.get().name).toBe('open')
    expect(reasons).toEqual(['connect', 'refused'])
    expect(server.packets).toEqual(['40{"token":"stale"}', '40{"token":"fresh"}'])
    expect(outcome).toEqual({ value: undefined })
  })

  it('reports the reason and the data of a refusal', async () => {
    const { clock, server, client } = overEngineIo()
    server.connectReply = () => '44{"message":"not authorized","data":{"code":"E1"}}'
    client.on('failed', () => {})
    const outcome = outcomeOf(client.connect())
    await clock.advance(1)
    expect(outcome.error).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('4401 not authorized'),
      detail: { reason: 'not authorized' },
      cause: { data: { code: 'E1' } },
    })
  })

  it('reports unreadable messages as errors, and continues', async () => {
    const { clock, server, client, errors } = overEngineIo()
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    channels.subscribe(sessionChannel('a'), (payload) => received.push(payload))
    await clock.advance(1)
    const odd = [
      '',
      '9',
      '4',
      '42',
      '42{',
      '42["x"',
      '427',
      '43',
      '437',
      '437["x"',
      '45',
      'x',
      '{}',
    ]
    for (const packet of odd) server.send(packet)
    for (const packet of ['40', '40[', '0', '0{}', '42/']) server.send(packet)
    server.pair.last.send(new ArrayBuffer(2))
    server.send('42["progress",{"sessionId":"a"}]')
    await clock.advance(1)
    expect(received).toEqual([{ sessionId: 'a' }])
    expect(client.state.get().name).toBe('open')
    expect(errors.length).toBeGreaterThan(odd.length - 1)
    expect(new Set(errors.map((error) => Object(error).code))).toEqual(new Set(['bad-frame']))
  })
})

describe('a server that sends pings', () => {
  it('counts as connected while its pings arrive', async () => {
    const { clock, server, client } = overEngineIo()
    client.connect()
    await clock.advance(1)
    for (let n = 0; n < 10; n++) {
      await clock.advance(44_000)
      server.send('2')
      await clock.advance(1)
    }
    expect(server.packets.filter((packet) => packet === '3')).toHaveLength(10)
    expect(client.stats().opens).toBe(1)
    expect(client.state.get().name).toBe('open')
  })

  it('counts as lost after its maximum silence', async () => {
    const { clock, server, client } = overEngineIo()
    client.connect()
    await clock.advance(25_000)
    server.send('2')
    await clock.advance(44_000)
    server.send('42["news",1]')
    await clock.advance(500)
    expect(client.state.get().name).toBe('open')
    await clock.advance(501)
    expect(client.state.get()).toMatchObject({
      name: 'waiting',
      reason: { code: 1006, reason: 'the peer gave no sign of life' },
    })
    expect(server.pair.last.closed).toBeDefined()
  })

  it('counts as lost if it never sends a ping', async () => {
    const { clock, client } = overEngineIo()
    client.connect()
    await clock.advance(44_999)
    expect(client.state.get().name).toBe('open')
    await clock.advance(10)
    expect(client.state.get().name).toBe('waiting')
  })

  it('is not monitored if the application disables the heartbeat', async () => {
    const without = overEngineIo({ heartbeat: false })
    without.client.connect()
    await without.clock.advance(1_000_000)
    expect(without.client.stats().opens).toBe(1)
    expect(without.clock.timers).toBe(0)
  })

  it('leaves no timer', async () => {
    const { clock, server, client } = overEngineIo()
    client.connect()
    await clock.advance(1)
    server.send('2')
    await clock.advance(1)
    expect(clock.timers).toBe(1)
    client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })
})
