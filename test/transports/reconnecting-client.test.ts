import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../support/live.ts'

describe('a client on reconnecting-websocket', () => {
  it('survives a restart of the server, with refused connections in between', async () => {
    const first = await serve()
    const { client, errors } = connect(first.url, {
      transport: reconnectingWebSocket({ WebSocket }),
    })
    const received: unknown[] = []
    const subscription = new ChannelSubscriber(client).subscribe('news', (payload) =>
      received.push(payload),
    )
    await subscription.ready
    await first.server.publish('news', 'note', 'before')
    await until(() => expect(received).toEqual(['before']))
    await first.server.close()
    await until(() => {
      const state = client.state.get()
      expect(state.name === 'waiting' && state.attempt).toBeGreaterThan(2)
    })
    const second = await serve({}, first.port)
    // The new server has no history of the first event, so the status may be a gap.
    await until(() => expect(subscription.status.get().name).toMatch(/^(live|gap)$/))
    await second.server.publish('news', 'note', 'after')
    await until(() => expect(received).toEqual(['before', 'after']))
    expect(errors).toEqual([])
  })

  it('connects again after its own close(), at each connect()', async () => {
    const { server, url } = await serve()
    server.handle('echo', (payload) => payload)
    const { client, errors } = connect(url, { transport: reconnectingWebSocket({ WebSocket }) })
    for (const round of [1, 2, 3]) {
      client.connect()
      expect(await client.request('echo', round)).toBe(round)
      client.close()
      expect(client.state.get()).toEqual({ name: 'closed' })
    }
    // Closed before the socket was created.
    client.connect()
    client.close()
    client.connect()
    expect(await client.request('echo', 4)).toBe(4)
    expect(errors).toEqual([])
  })
})
