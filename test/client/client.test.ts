import { describe, expect, it, vi } from 'vitest'
import type { ConnectionState } from 'wirefold'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

describe('a client', () => {
  it('connects at its first request, not before', async () => {
    const { clock, server, client } = scripted({ answer: () => 'pong' })
    await clock.advance(60_000)
    expect(server.transport.ends).toHaveLength(0)
    expect(client.state.get()).toEqual({ name: 'idle' })
    const answer = outcomeOf(client.request('echo'))
    await clock.advance(1)
    expect(answer).toEqual({ value: 'pong' })
    expect(server.transport.ends).toHaveLength(1)
  })

  it('connects at its first subscription', async () => {
    const { clock, server, client } = scripted()
    new ChannelSubscriber(client).subscribe('news', () => {})
    await clock.advance(1)
    expect([...server.subscribed]).toEqual(['news'])
  })

  it('opens one connection for repeated calls of connect(), and returns the same promise', async () => {
    const { clock, server, client } = scripted()
    const first = client.connect()
    expect(client.connect()).toBe(first)
    await clock.advance(1)
    await first
    await client.connect()
    expect(server.transport.ends).toHaveLength(1)
  })

  it('sends the greeting, its subscriptions and its requests in one frame', async () => {
    const { clock, server, client } = scripted({ answer: () => 'ok' })
    new ChannelSubscriber(client).subscribe('news', () => {})
    void client.request('a')
    void client.request('b')
    await clock.advance(1)
    expect(server.transport.last.received).toHaveLength(1)
    expect(server.messages.map(({ type }) => type)).toEqual(['hello', 'subscribe', 'a', 'b'])
    expect(server.messages[0]?.payload).toMatchObject({
      protocol: 1,
      clientId: expect.stringMatching(/^.{22}$/),
      senderId: expect.stringMatching(/^.{22}$/),
    })
  })

  it('passes through its states in order and emits its events', async () => {
    const { clock, server, client } = scripted()
    const seen: string[] = []
    const name = (state: ConnectionState) =>
      state.name === 'connecting' ? `${state.name} ${state.phase}` : state.name
    client.state.subscribe((state) => seen.push(name(state)))
    for (const event of ['opened', 'dropped', 'closed'] as const) {
      client.on(event, () => seen.push(`(${event})`))
    }
    void client.connect()
    await clock.advance(1)
    server.drop()
    await clock.advance(1)
    expect(client.state.get()).toMatchObject({ attempt: 1, reason: { code: 1006 } })
    await clock.advance(500)
    client.close()
    expect(seen).toEqual([
      'idle',
      'connecting dialing',
      'connecting greeting',
      'open',
      '(opened)',
      'waiting',
      '(dropped)',
      'connecting dialing',
      'connecting greeting',
      'open',
      '(opened)',
      'closed',
      '(closed)',
    ])
  })

  it('waits longer with every failed attempt', async () => {
    const { clock, server, client } = scripted()
    server.transport.refusing = true
    void client.connect()
    await clock.advance(120_000)
    const dials = server.transport.ends.length
    // Half of 900, 1350, 2025 … 12000 ms each, and 50 ms.
    expect(dials).toBeGreaterThan(18)
    expect(dials).toBeLessThan(26)
    expect(client.state.get()).toMatchObject({ name: 'waiting', attempt: dials })
  })

  it('gives up an attempt without a reply, and tries again', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { clock, server, client } = scripted()
    server.silent = true
    void client.connect()
    await clock.advance(9_999)
    expect(warned).not.toHaveBeenCalled()
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'greeting' })
    await clock.advance(1)
    expect(client.state.get()).toMatchObject({
      name: 'waiting',
      reason: { code: 1006, reason: 'no welcome in 10000 ms' },
    })
    // It warns once, however many attempts follow.
    await clock.advance(60_000)
    expect(warned.mock.calls).toEqual([
      ['The server sent no welcome in 10000 ms. Check its address, and the dialect.'],
    ])
    server.silent = false
    await clock.advance(90_000)
    expect(client.state.get().name).toBe('open')
    // Its options are right: a later silence is a matter of the network.
    server.silent = true
    server.drop()
    await clock.advance(60_000)
    expect(client.state.get().name).not.toBe('open')
    expect(warned).toHaveBeenCalledOnce()
    client.close()
  })

  it('warns of no missing welcome while auth() does not settle', async () => {
    const { clock, client } = scripted({}, { auth: () => new Promise<string>(() => {}) })
    void client.connect()
    await clock.advance(60_000)
    expect(client.state.get().name).toBe('connecting')
    client.close()
  })

  it('ends a wait early for connect(), but not for a request', async () => {
    const { clock, server, client } = scripted()
    server.transport.refusing = true
    void client.connect()
    await clock.advance(60_000)
    const dials = server.transport.ends.length
    client.request('x').catch(() => {})
    expect(server.transport.ends).toHaveLength(dials)
    void client.connect()
    expect(server.transport.ends).toHaveLength(dials + 1)
  })

  it('gives up after a fatal close code, and reports the code', async () => {
    const { clock, server, client } = scripted()
    const failed: unknown[] = []
    client.on('failed', (error) => failed.push(error))
    const connected = outcomeOf(client.connect())
    await clock.advance(1)
    server.drop(4403, 'forbidden')
    await clock.advance(60_000)
    expect(server.transport.ends).toHaveLength(1)
    expect(client.state.get().name).toBe('failed')
    expect(failed).toMatchObject([{ code: 'failed', detail: { closeCode: 4403 } }])
    expect(connected).toEqual({ value: undefined })
    const late = outcomeOf(client.request('x'))
    await clock.advance(0)
    expect(late.error).toMatchObject({ code: 'failed' })
  })

  it('keeps the error that the server sent before it refused the connection', async () => {
    const clock = new ManualClock()
    const transport = new MemoryPair({
      clock,
      onConnect: (end) => {
        end.onMessage = () => {
          end.send('{"type":"error","payload":{"code":"forbidden","message":"No."}}')
          end.close(4403)
        }
      },
    })
    const client = new RealtimeClient('ws://test/', { transport, clock })
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    const connected = outcomeOf(client.connect())
    await clock.advance(1)
    expect(errors).toEqual([])
    expect(connected.error).toMatchObject({ code: 'failed', cause: { code: 'forbidden' } })
  })

  it('fails at once with a clear error if there is no WebSocket, or the address is invalid', async () => {
    vi.stubGlobal('WebSocket', undefined)
    const client = new RealtimeClient('ws://localhost/')
    client.on('error', () => {})
    await expect(client.connect()).rejects.toMatchObject({ code: 'no-websocket' })
    class Strict {
      constructor() {
        throw new SyntaxError('bad url')
      }
    }
    vi.stubGlobal('WebSocket', Strict)
    await expect(client.connect()).rejects.toMatchObject({
      code: 'bad-url',
      cause: expect.any(SyntaxError),
    })
    vi.unstubAllGlobals()
  })

  it('stays closed after close(), and opens again at connect()', async () => {
    const { clock, server, client } = scripted({ answer: () => undefined })
    const channels = new ChannelSubscriber(client)
    const subscription = channels.subscribe('news', () => {})
    const ready = outcomeOf(subscription.ready)
    const request = outcomeOf(client.request('slow'))
    client.close()
    await clock.advance(60_000)
    expect(ready.error).toMatchObject({ code: 'closed' })
    expect(request.error).toMatchObject({ code: 'closed' })
    expect(clock.timers).toBe(0)
    expect(server.transport.ends).toHaveLength(1)
    expect(server.transport.last.closed).toMatchObject({ code: 1000 })
    await Promise.all([client.connect(), clock.advance(1)])
    expect([...server.subscribed]).toEqual(['news'])
    expect(subscription.status.get()).toEqual({ name: 'live' })
    await subscription.ready
  })

  it('survives close() from within its own event listeners', async () => {
    for (const moment of ['connecting', 'open', 'waiting'] as const) {
      const { clock, server, client, errors } = scripted()
      client.state.listen((state) => {
        if (state.name === moment) client.close()
      })
      void client.connect()
      await clock.advance(1)
      if (moment === 'waiting') server.drop()
      await clock.advance(10_000)
      expect(client.state.get()).toEqual({ name: 'closed' })
      expect(clock.timers).toBe(0)
      expect(errors).toEqual([])
    }
  })

  it('ignores the old connection once a new one is open', async () => {
    const { clock, server, client } = scripted({ latencyMs: 10 })
    const received: unknown[] = []
    const channels = new ChannelSubscriber(client)
    channels.subscribe('news', (payload) => received.push(payload))
    await clock.advance(100)
    server.send({ type: 'note', channel: 'news', payload: 'in flight' })
    client.close()
    void client.connect()
    await clock.advance(1_000)
    expect(received).toEqual([])
    server.publish('news', 'note', 'new')
    await clock.advance(100)
    expect(received).toEqual(['new'])
  })

  it('replies to a ping of the server', async () => {
    const { clock, server, client } = scripted()
    void client.connect()
    await clock.advance(1)
    server.send({ type: 'ping', timestamp: 7 })
    await clock.advance(1)
    expect(server.messages.at(-1)).toMatchObject({ type: 'pong', timestamp: 7 })
  })

  it('reports frames that it cannot read, and continues', async () => {
    const { clock, server, client, errors } = scripted({ answer: () => 'ok' })
    void client.connect()
    await clock.advance(1)
    for (const data of ['nonsense', '7', '[{"type":"x"},{}]', new ArrayBuffer(3)]) {
      server.transport.last.send(data)
    }
    const answer = outcomeOf(client.request('still there?'))
    await clock.advance(1)
    expect(errors).toHaveLength(4)
    for (const error of errors) expect(error).toMatchObject({ code: 'bad-frame' })
    expect(answer).toEqual({ value: 'ok' })
  })

  it('reconnects if an unreadable frame may have been the welcome', async () => {
    const clock = new ManualClock()
    const transport = new MemoryPair({ clock })
    const client = new RealtimeClient('ws://test/', { transport, clock, random: () => 0.1 })
    client.on('error', () => {})
    void client.connect()
    await clock.advance(1)
    transport.last.send('{"type":"welc')
    await clock.advance(999)
    transport.last.send('{"type":"subscr')
    expect(client.state.get().name).toBe('connecting')
    await clock.advance(1)
    expect(client.state.get().name).toBe('waiting')
    await clock.advance(100)
    transport.last.send('{"type":"welcome","payload":{}}')
    await clock.advance(1)
    expect(client.state.get().name).toBe('open')
    client.close()
  })

  it('prints an error without a listener, once', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const clock = new ManualClock()
    const transport = new MemoryPair({ clock })
    const client = new RealtimeClient('ws://test/', { transport, clock })
    void client.connect()
    await clock.advance(1)
    transport.last.send('nonsense')
    await clock.advance(1)
    expect(print).toHaveBeenCalledTimes(1)
    print.mockRestore()
  })

  it('uses the default for an option that is undefined', async () => {
    const { clock, client } = scripted(
      { answer: () => undefined },
      { dialect: undefined, requestTimeoutMs: undefined, backoff: undefined },
    )
    const request = outcomeOf(client.request('x'))
    await clock.advance(9_999)
    expect(request).toEqual({})
    await clock.advance(1)
    expect(request.error).toMatchObject({ code: 'request-timeout', detail: { timeoutMs: 10_000 } })
  })
})
