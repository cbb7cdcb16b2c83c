import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../support/live.ts'

describe('a client on reconnecting-websocket', () => {
  it('survives a restart of the server, with nobody there in between', async () => {
    const first = await serve()
    const { client, errors } = connect(first.url, {
      transport: reconnectingWebSocket({ WebSocket }),
    })
    const heard: unknown[] = []
    const subscription = new ChannelSubscriber(client).subscribe('news', (payload) =>
      heard.push(payload),
    )
    await subscription.ready
    await first.server.publish('news', 'said', 'before')
    await until(() => expect(heard).toEqual(['before']))
    await first.server.close()
    await until(() => {
      const state = client.state.get()
      expect(state.name === 'waiting' && state.attempt).toBeGreaterThan(2)
    })
    const second = await serve({}, first.port)
    // The new server knows nothing of what was said before: live, with a gap.
    await until(() => expect(subscription.status.get().name).toMatch(/^(live|gap)$/))
    await second.server.publish('news', 'said', 'after')
    await until(() => expect(heard).toEqual(['before', 'after']))
    expect(errors).toEqual([])
  })

  it('connects again after its own close(), as often as asked', async () => {
    const { server, url } = await serve()
    server.handle('echo', (payload) => payload)
    const { client, errors } = connect(url, { transport: reconnectingWebSocket({ WebSocket }) })
    for (const round of [1, 2, 3]) {
      client.connect()
      expect(await client.request('echo', round)).toBe(round)
      client.close()
      expect(client.state.get()).toEqual({ name: 'closed' })
    }
    // Closed before the socket was even asked for.
    client.connect()
    client.close()
    client.connect()
    expect(await client.request('echo', 4)).toBe(4)
    expect(errors).toEqual([])
  })
})
