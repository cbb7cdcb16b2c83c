import { WebSocket as MockWebSocket, Server } from 'mock-socket'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { outcomeOf } from '../support/scripted.ts'

const url = 'ws://mock.localhost/ws'

/** Serves the native protocol on mock-socket; returns the server and its received messages. */
function serve() {
  const server = new Server(url, { mock: false })
  const received: { type: string; requestId?: string; payload?: unknown }[] = []
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const parsed = JSON.parse(String(data))
      for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
        received.push(message)
        const { type, requestId, payload } = message
        const answer = (value: unknown) => socket.send(JSON.stringify(value))
        if (type === 'hello') answer({ type: 'welcome', payload: {} })
        else if (type === 'subscribe') answer({ type: 'subscribed', requestId, payload: {} })
        else if (type === 'ping') answer({ type: 'pong', payload: {} })
        else if (requestId) answer({ type: 'reply', requestId, payload })
      }
    })
  })
  return { server, received }
}

describe('a client on mock-socket', () => {
  // mock-socket delays every step by 4 ms with the global timers.
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('connects, subscribes, sends requests, and receives events', async () => {
    const { server } = serve()
    const client = new RealtimeClient(url, { WebSocket: MockWebSocket })
    const payloads: unknown[] = []
    new ChannelSubscriber(client).subscribe('news', (payload) => payloads.push(payload))
    const answer = outcomeOf(client.request('echo', { a: 1 }))
    await vi.advanceTimersByTimeAsync(50)
    expect(client.state.get().name).toBe('open')
    expect(answer).toEqual({ value: { a: 1 } })
    for (const socket of server.clients()) {
      socket.send(JSON.stringify({ type: 'note', channel: 'news', payload: 'it' }))
    }
    expect(payloads).toEqual(['it'])
    client.close()
    server.stop()
  })

  it('reconnects after a close by the server, and after a time without a server', async () => {
    const { server, received } = serve()
    const client = new RealtimeClient(url, { WebSocket: MockWebSocket, random: () => 0 })
    const subscription = new ChannelSubscriber(client).subscribe('news', () => {})
    await vi.advanceTimersByTimeAsync(50)
    server.close({ code: 1012, reason: 'restart', wasClean: true })
    expect(client.state.get()).toMatchObject({ name: 'waiting', reason: { code: 1012 } })
    server.stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(client.state.get().name).not.toBe('open')
    const again = serve()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(client.state.get().name).toBe('open')
    // This server sends no positions, so missed events are unknown.
    expect(subscription.status.get()).toMatchObject({ name: 'gap', reason: 'no-recovery' })
    const types = [...received, ...again.received].map(({ type }) => type)
    expect(types.filter((type) => type !== 'ping')).toEqual([
      'hello',
      'subscribe',
      'hello',
      'subscribe',
    ])
    client.close()
    again.server.stop()
  })
})
