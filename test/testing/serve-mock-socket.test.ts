import { WebSocket as MockWebSocket, Server } from 'mock-socket'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import { serveMockSocket, serverHalves } from 'wirefold/testing'
import { outcomeOf } from '../support/scripted.ts'

const url = 'ws://mock.localhost/kit'

describe('a scripted server on mock-socket', () => {
  it('greets, subscribes, answers and publishes, with real timers', async () => {
    const server = serveMockSocket(Server, url, { answer: (type, n) => [type, n] })
    const client = new RealtimeClient(url)
    const got: unknown[] = []
    const off = new ChannelSubscriber(client).subscribe('news', (payload) => got.push(payload))
    await off.ready
    expect(await client.request('double', 7)).toEqual(['double', 7])
    server.publish('news', 'said', 'hello')
    expect(got).toEqual(['hello'])
    client.close()
    server.stop()
    expect(globalThis.WebSocket).not.toBe(MockWebSocket)
  })

  it('serves any dialect, and leaves the platform’s sockets alone where asked', async () => {
    const platform = globalThis.WebSocket
    const server = serveMockSocket(Server, url, { mock: false, dialect: serverHalves.entity })
    expect(globalThis.WebSocket).toBe(platform)
    const client = new RealtimeClient(url, {
      ...{ WebSocket: MockWebSocket, dialect: entity, auth: () => 'secret' },
    })
    await client.connect()
    await new ChannelSubscriber(client).subscribe('entity:Task', () => {}).ready
    expect(server.messages).toMatchObject([{ type: 'subscribe', channel: 'entity:Task' }])
    client.close()
    server.stop()
  })

  it('closes its connections and removes its class as it stops', async () => {
    const platform = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
    // A platform without the class, as Node 20 is.
    Reflect.deleteProperty(globalThis, 'WebSocket')
    onTestFinished(() => {
      if (platform) Object.defineProperty(globalThis, 'WebSocket', platform)
    })
    const server = serveMockSocket(Server, url)
    const client = new RealtimeClient(url, { WebSocket: MockWebSocket })
    await new ChannelSubscriber(client).subscribe('news', () => {}).ready
    expect([...server.subscribed]).toEqual(['news'])
    server.stop()
    expect('WebSocket' in globalThis).toBe(false)
    await vi.waitFor(() => expect(client.state.get()).toMatchObject({ reason: { code: 1001 } }))
    expect([...server.subscribed]).toEqual([])
    client.close()
  })

  it('awaits a promise that answers a request', async () => {
    const server = serveMockSocket(Server, url, { mock: false, answer: async (_, n) => [n] })
    const client = new RealtimeClient(url, { WebSocket: MockWebSocket })
    expect(await client.request('get', 7)).toEqual([7])
    client.close()
    server.stop()
  })

  describe('with fake timers', () => {
    beforeEach(() => {
      vi.useFakeTimers()
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    it('replays after a lost connection what was published meanwhile', async () => {
      const server = serveMockSocket(Server, url, { mock: false })
      const client = new RealtimeClient(url, { WebSocket: MockWebSocket })
      const got: unknown[] = []
      new ChannelSubscriber(client).subscribe('news', (payload) => got.push(payload))
      await vi.advanceTimersByTimeAsync(50)
      server.publish('news', 'said', 1)
      server.drop()
      await vi.advanceTimersByTimeAsync(10)
      expect(client.state.get()).toMatchObject({ name: 'waiting', reason: { code: 1006 } })
      server.publish('news', 'said', 2)
      await vi.advanceTimersByTimeAsync(5_000)
      expect([got, client.state.get().name]).toEqual([[1, 2], 'open'])
      client.close()
      server.stop()
    })

    it('is silent where the test wants it', async () => {
      const server = serveMockSocket(Server, url, { mock: false })
      const client = new RealtimeClient(url, { WebSocket: MockWebSocket })
      const connected = outcomeOf(client.connect())
      await vi.advanceTimersByTimeAsync(50)
      server.silent = true
      const answer = outcomeOf(client.request('get', 1, { timeoutMs: 1_000 }))
      await vi.advanceTimersByTimeAsync(1_000)
      expect(connected).toEqual({ value: undefined })
      expect(answer.error).toMatchObject({ code: 'request-timeout' })
      client.close()
      server.stop()
    })
  })
})
