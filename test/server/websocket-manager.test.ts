import { describe, expect, it } from 'vitest'
import type { PlainSocket, RealtimeServerOptions, SocketHandlers } from 'wirefold/server'
import { WebSocketManager } from 'wirefold/server'
import { ManualClock, settle } from 'wirefold/testing'
import type { Message } from './raw-client.ts'

/** A socket like that of another library: an object with a few functions. */
class TextSocket implements PlainSocket {
  bufferedAmount = 0
  readonly received: Message[] = []
  readonly closes: [number, string][] = []
  pings = 0
  handlers: SocketHandlers = { text() {}, binary() {}, closed() {} }
  /** Called before a text is sent. */
  sending: (text: string) => void = () => {}

  send(text: string): void {
    this.sending(text)
    this.received.push(JSON.parse(text))
  }

  ping(): void {
    this.pings++
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason])
  }

  emit(...messages: Message[]): void {
    const text = JSON.stringify(messages)
    this.handlers.text(text, text.length)
  }

  /** Returns the types of the texts received since the last call. */
  types(): (string | undefined)[] {
    return this.received.splice(0).map(({ type }) => type)
  }
}

function alone(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const errors: unknown[] = []
  const manager = new WebSocketManager({
    clock,
    onError: (error) => errors.push(error),
    authenticate: ({ token }) => (token ? { id: token } : null),
    ...options,
  })
  /** Connects a socket, sends a hello, and subscribes. */
  const join = async (token?: string, ...channels: string[]) => {
    const socket = new TextSocket()
    socket.handlers = manager.connect(socket)
    socket.emit(
      { type: 'hello', payload: { token } },
      { type: 'subscribe', requestId: 's', payload: { channels } },
    )
    await settle()
    await settle()
    socket.received.length = 0
    return socket
  }
  return { manager, clock, errors, join }
}

describe('a stand-alone WebSocketManager', () => {
  it('serves any object that can send and close', async () => {
    const { manager, join } = alone()
    const remove = manager.registerHandler('echo', (payload, { user }) => [user?.id, payload])
    const ada = await join('ada')
    ada.emit({ type: 'echo', requestId: 'r', payload: 1 })
    await settle()
    expect(ada.received).toEqual([{ type: 'reply', requestId: 'r', payload: ['ada', 1] }])
    remove()
    ada.emit({ type: 'echo', requestId: 'q' })
    await settle()
    expect(ada.received[1]).toMatchObject({ requestId: 'q', payload: { code: 'unknown-type' } })
    expect(() => manager.registerHandler('subscribe', () => {})).toThrow(/not a valid request type/)
    const missing: unknown = undefined
    expect(() => manager.registerHandler('echo', missing as () => void)).toThrow(/"echo"/)
  })

  it('lists its connections', async () => {
    const { manager, clock, join } = alone()
    const start = clock.wall()
    const ada = await join('ada', 'a', 'b')
    await clock.advance(3_000)
    await join(undefined, 'a')
    await clock.advance(0.75)
    ada.emit({ type: 'pong' })
    await clock.advance(1_000.25)
    expect(manager.connections()).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{22}$/),
        dialect: 'native',
        user: { id: 'ada' },
        channels: ['a', 'b'],
        connectedAt: start,
        // In whole milliseconds, although the clock has fractions.
        lastHeartbeat: start + 3_001,
      },
      expect.objectContaining({ user: null, channels: ['a'], connectedAt: start + 3_000 }),
    ])
  })

  it('emits connected and disconnected for authenticated users', async () => {
    const { manager, join } = alone()
    const emitted: unknown[] = []
    manager.on('connected', ({ user }) => emitted.push(['connected', user?.id]))
    const off = manager.on('disconnected', ({ user }) => emitted.push(['disconnected', user?.id]))
    manager.on('connected', () => {
      throw new Error('listener')
    })
    const ada = await join('ada')
    const stranger = new TextSocket()
    const handlers = manager.connect(stranger)
    handlers.closed()
    ada.handlers.closed()
    ada.handlers.closed()
    off()
    const bob = await join('bob')
    bob.handlers.closed()
    expect(emitted).toEqual([
      ['connected', 'ada'],
      ['disconnected', 'ada'],
      ['connected', 'bob'],
    ])
  })

  it('sends an event to the members of a channel, and one to all tabs of a user', async () => {
    const { manager, join } = alone()
    const [one, two, bob] = [await join('ada', 'a'), await join('ada'), await join('bob', 'a')]
    expect(manager.broadcast('a', 'note', 1)).toBe(2)
    expect(manager.sendToUser('ada', 'note', 2)).toBe(2)
    expect(manager.sendToUser('absent', 'note')).toBe(0)
    const timestamp = expect.any(Number)
    expect(one.received).toEqual([
      { type: 'note', channel: 'a', timestamp, payload: 1 },
      { type: 'note', channel: 'user:ada', timestamp, payload: 2 },
    ])
    expect([two.types(), bob.types()]).toEqual([['note'], ['note']])
    expect(() => manager.broadcast('a', 'welcome')).toThrow(/not a valid event type/)
    expect(() => manager.broadcast('a', 'x', 1n)).toThrow(/is not JSON/)
  })

  it('sends no event to a user for whom canReceive denies it', async () => {
    const { manager, join } = alone({ canReceive: (user) => user?.id === 'ada' })
    const [ada, bob] = [await join('ada', 'a'), await join('bob', 'a')]
    manager.broadcast('a', 'note', 1)
    expect([ada.types(), bob.types()]).toEqual([['note'], []])
  })

  it('withholds an event if canReceive is async, and reports what that rejects with', async () => {
    const canReceive = async (): Promise<never> => {
      throw new Error('no verdict')
    }
    // @ts-expect-error canReceive is not async
    const { manager, errors, join } = alone({ canReceive })
    const ada = await join('ada', 'a')
    manager.broadcast('a', 'note', 1)
    await settle()
    expect(ada.types()).toEqual([])
    expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'canReceive' } }])
  })

  it('continues a broadcast if a socket throws, connects or disconnects meanwhile', async () => {
    const { manager, errors, join } = alone()
    const sockets = [await join('a', 'x'), await join('b', 'x'), await join('c', 'x')]
    const [first, second, third] = sockets
    if (!first || !second || !third) throw new Error('There are three sockets.')
    first.sending = () => {
      throw new Error('EPIPE')
    }
    second.sending = () => {
      third.handlers.closed()
      manager.connect(new TextSocket())
      manager.disconnectUser('b')
    }
    manager.broadcast('x', 'note', 1)
    expect([second.types(), third.types()]).toEqual([['note'], []])
    expect(errors).toMatchObject([{ message: 'EPIPE' }])
    expect(first.closes).toEqual([[1011, 'internal']])
    expect(second.closes).toEqual([[4401, 'signed out']])
    second.sending = () => {}
    manager.broadcast('x', 'note', 2)
    expect(second.types()).toEqual([])
  })

  it('closes a connection once, for any number of calls', async () => {
    const { manager, join } = alone()
    const ada = await join('ada', 'a')
    const [{ id } = { id: '' }] = manager.connections()
    manager.disconnect(id, { code: 4409, reason: 'replaced' })
    manager.disconnect(id)
    manager.disconnectUser('ada')
    expect(ada.closes).toEqual([[4409, 'replaced']])
    ada.emit({ type: 'ping' })
    expect(ada.types()).toEqual([])
    ada.handlers.closed()
    manager.disconnect(id)
    expect(manager.stats()).toMatchObject({ connections: 0, users: 0, channels: 0 })
    expect(ada.closes).toHaveLength(1)
  })

  it('removes a socket that cannot be closed', async () => {
    const { manager, errors, join } = alone()
    const ada = await join('ada', 'a')
    ada.close = () => {
      throw new Error('EBADF')
    }
    manager.disconnectUser('ada')
    expect(manager.stats()).toMatchObject({ connections: 0, users: 0, channels: 0 })
    expect(errors).toMatchObject([{ message: 'EBADF' }])
    await manager.close()
  })

  it('closes the socket of a mount that gives a reason which is not a string', async () => {
    const { manager, errors } = alone()
    const socket = new TextSocket()
    manager
      .connect(socket, undefined, {
        protocols: [],
        open: (opened) => ({
          info: () => ({ id: 'x', dialect: 'own', user: null, channels: [] }),
          // @ts-expect-error a mount without types
          text: () => opened.close(4000, null),
          binary() {},
          closed() {},
        }),
      })
      .text('bye', 3)
    expect(socket.closes).toEqual([[1011, 'internal']])
    expect(errors).toMatchObject([{ code: 'ERR_INVALID_ARG_TYPE' }])
    expect(manager.connections()).toEqual([])
  })

  it('closes silent connections, and leaves no timer', async () => {
    const { manager, clock, join } = alone()
    const [dead, alive] = [await join('ada', 'a'), await join('bob', 'a')]
    for (let n = 0; n < 6; n++) {
      await clock.advance(12_500)
      if (alive.pings) alive.handlers.alive?.()
    }
    expect([dead.closes, alive.closes]).toEqual([[[4408, 'silent for too long']], []])
    expect(manager.stats().subscriptions).toBe(1)
    dead.handlers.closed()
    expect(clock.timers).toBe(1)
    alive.handlers.closed()
    expect(clock.timers).toBe(0)
  })

  it('counts', async () => {
    const { manager, clock, join } = alone()
    const [one, two] = [await join('ada', 'a'), await join('ada', 'a', 'b')]
    await clock.advance(4_000)
    one.handlers.closed()
    two.emit({ type: 'unknown', requestId: 'r' })
    await settle()
    expect(manager.stats()).toEqual({
      uptimeMs: 4_000,
      connections: 1,
      users: 1,
      channels: 2,
      subscriptions: 2,
      opens: 2,
      closes: 1,
      lifetimeMs: 4_000,
      received: 5,
      sent: 5,
      refusals: { 'unknown-type': 1 },
      slowConsumers: 0,
      withheldEvents: 0,
      closedSlowConsumers: 0,
      droppedBroadcasts: 0,
      unlistedTypes: 0,
      contractDifferences: 0,
    })
  })

  it('closes with all its connections, and accepts no others', async () => {
    const { manager, join } = alone()
    const ada = await join('ada')
    const closing = manager.close()
    expect(ada.closes).toEqual([[1001, 'the server is closing']])
    ada.handlers.closed()
    await closing
    const late = new TextSocket()
    manager.connect(late)
    expect(late.closes).toEqual([[1001, 'the server is closing']])
    await manager.close()
  })

  it('sends its clients a goaway when it is drained', async () => {
    const { manager, clock, join } = alone()
    const ada = await join('ada', 'a')
    const drained = manager.drain({ deadlineMs: 1_000 })
    expect(ada.types()).toEqual(['goaway'])
    await clock.advance(1_000)
    expect(ada.closes).toEqual([[1012, '{"windowMs":1000}']])
    ada.handlers.closed()
    await drained
  })
})
