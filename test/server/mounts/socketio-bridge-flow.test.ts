import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer, entityMount } from 'wirefold/server'
import { bridged } from '../../support/bridged.ts'
import { until } from '../../support/live.ts'
import { pretended } from '../../support/pretended-bridge.ts'

const KIB = 1024

/** A client without a network, subscribed to a channel; the test says when its network takes data. */
async function subscribed() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const made = pretended()
  const socket = await made.accepted()
  made.namespace.emit('connection', socket)
  expect(await made.bridge.subscribe(socket, 'room:1')).toEqual({ ok: true })
  const publish = async (count: number) => {
    for (let sent = 0; sent < count; sent++) {
      await made.server.publish('room:1', 'said', 'x'.repeat(60 * KIB))
    }
  }
  return { ...made, socket, publish }
}

describe('a stock client', () => {
  it.each(['websocket', 'polling'])('receives a burst of one step, over %s', async (transport) => {
    const { server, stock } = await bridged()
    const socket = stock({ transports: [transport], reconnection: false })
    const said: number[] = []
    socket.on('said', ({ n }: { n: number }) => said.push(n))
    await socket.emitWithAck('subscribe', 'room:1')
    // No packet leaves the process during this loop, which only waits for promises that are settled.
    for (let n = 0; n < 4_000; n++) {
      await server.publish('room:1', 'said', { n, pad: 'x'.repeat(400) })
    }
    await until(() => expect(said).toHaveLength(4_000))
    expect(said).toEqual(said.map((_, index) => index))
    expect(socket.connected).toBe(true)
  })

  it('is disconnected, and informed, when its network takes nothing for 10 s', async () => {
    const { server, socket, publish } = await subscribed()
    await publish(20)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(server.connections()).toHaveLength(1)
    expect(socket.calls).not.toContainEqual(['close'])
    await vi.advanceTimersByTimeAsync(1)
    expect(socket.calls.slice(-2)).toEqual([
      ['emit', 'error', expect.objectContaining({ code: 'too-slow' })],
      ['close'],
    ])
    expect(server.connections()).toEqual([])
    expect(server.stats().closedSlowConsumers).toBe(1)
  })

  it('stays when its network has taken everything before that', async () => {
    const { server, socket, publish } = await subscribed()
    for (let burst = 0; burst < 3; burst++) {
      await publish(20)
      await vi.advanceTimersByTimeAsync(9_999)
      socket.conn.emit('drain')
    }
    await vi.advanceTimersByTimeAsync(60_000)
    expect(server.connections()).toHaveLength(1)
  })

  it('is disconnected at once above 16 MiB', async () => {
    const { server, socket, publish } = await subscribed()
    await publish(300)
    expect(server.connections()).toEqual([])
    expect(server.stats().closedSlowConsumers).toBe(1)
    expect(socket.calls.at(-1)).toEqual(['close'])
  })
})

it('a client that cannot recover events counts as a slow consumer when it is closed', async () => {
  const server = createRealtimeServer({ authorize: () => true })
  onTestFinished(() => server.close())
  const codes: number[] = []
  let ended = () => {}
  const socket = {
    ...{ bufferedAmount: 0, send() {}, sendDroppable: () => false },
    close(code: number) {
      codes.push(code)
      ended()
    },
  }
  const request = { headers: {}, url: '/', remoteAddress: undefined }
  const handlers = await server.connect(socket, request, entityMount())
  if ('status' in handlers) throw new Error('The socket was refused.')
  ended = () => queueMicrotask(() => handlers.closed())
  handlers.text(JSON.stringify({ type: 'subscribe', channel: 'room:1', payload: {} }), 60)
  await until(() => expect(server.stats().subscriptions).toBe(1))
  await server.publish('room:1', 'said')
  expect(codes).toEqual([1013])
  expect(server.stats().closedSlowConsumers).toBe(1)
})
