import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { rawSubscriber, serve, until } from '../support/live.ts'
import { scripted } from '../support/scripted.ts'

describe('a client', () => {
  it('connects, greets and subscribes with one frame of at most 300 bytes', async () => {
    const { clock, server, client } = scripted()
    new ChannelSubscriber(client).subscribe('room:1', () => {})
    await clock.advance(1)
    expect([...server.subscribed]).toEqual(['room:1'])
    const { received } = server.transport.last
    expect(received).toHaveLength(1)
    expect(received[0]?.length).toBeLessThanOrEqual(300)
  })

  it('sends the requests of a turn as one frame, of at most 94 bytes for each without its payload', async () => {
    const { clock, server, client } = scripted()
    await Promise.all([client.connect(), clock.advance(1)])
    const before = server.transport.last.received.length
    const replies = Array.from({ length: 64 }, () => client.request('echo', 1))
    await clock.advance(1)
    client.close()
    await Promise.allSettled(replies)
    const sent = server.transport.last.received.slice(before)
    expect(sent).toHaveLength(1)
    expect(server.count('echo')).toBe(64)
    expect((sent[0] ?? '').length / 64).toBeLessThanOrEqual(94)
  })
})

describe('a server', () => {
  it('sends the events of a turn to each connection as one frame', async () => {
    const { server, url } = await serve()
    const { socket, frames } = await rawSubscriber(url, 'news')
    expect(frames).toHaveLength(1)
    for (let n = 0; n < 10; n++) void server.publish('news', 'said', { n })
    await until(() => expect(frames.join()).toContain('"n":9'))
    socket.terminate()
    expect(frames).toHaveLength(2)
    expect(JSON.parse(frames[1] ?? '')).toHaveLength(10)
  })
})
