import { describe, expect, it } from 'vitest'
import { MemoryBroker } from 'wirefold/server'
import { deferred, RawClient, serve } from '../raw-client.ts'

const offsetsOf = async (client: RawClient) => {
  client.send({ type: 'ping', timestamp: 1 })
  const { payload } = await client.next('pong')
  return (payload as { offsets?: unknown }).offsets
}

describe('a pong', () => {
  it('has the last offsets of the channels with events since the last pong', async () => {
    const { server, url } = await serve()
    await server.publish('a', 'x')
    const client = await RawClient.greeted(url)
    await client.subscribe('a', 'b', 'c')
    expect(await offsetsOf(client)).toBeUndefined()
    const { epoch } = await server.publish('a', 'x')
    await server.publish('b', 'x')
    await server.publish('b', 'x')
    await server.publish('elsewhere', 'x')
    await client.take(3)
    expect(await offsetsOf(client)).toEqual({ a: [epoch, 2], b: [epoch, 2] })
    expect(await offsetsOf(client)).toBeUndefined()
    await server.publish('b', 'x')
    await client.next('x')
    expect(await offsetsOf(client)).toEqual({ b: [epoch, 3] })
  })

  it('is sent after the events its offsets cover', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    server.handle('burst', async () => {
      for (let n = 0; n < 100; n++) await server.publish('a', 'x', 'x'.repeat(10_000))
    })
    client.send({ type: 'burst', requestId: 'r' })
    let received = 0
    for (let reported = 0; reported < 100; ) {
      client.send({ type: 'ping', timestamp: 1 })
      for (let message = await client.next(); ; message = await client.next()) {
        if (message.offset !== undefined) received = message.offset
        if (message.type !== 'pong') continue
        const { offsets } = message.payload as { offsets?: { a: [string, number] } }
        if (offsets) reported = offsets.a[1]
        expect(reported).toBe(received)
        break
      }
    }
  })

  it('omits a channel whose offset was in the subscribe reply, or that was unsubscribed', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    const { epoch } = await server.publish('a', 'x')
    await server.publish('a', 'x')
    const payload = { since: [[epoch, ['a', 1]]] }
    await client.request({ type: 'subscribe', payload })
    await client.next('x')
    expect(await offsetsOf(client)).toBeUndefined()
    await server.publish('a', 'x')
    await client.next('x')
    await client.request({ type: 'unsubscribe', payload: { channels: ['a'] } })
    expect(await offsetsOf(client)).toBeUndefined()
  })

  it('omits a channel whose subscribe has no reply yet', async () => {
    const broker = new MemoryBroker()
    const released = deferred<void>()
    const since = broker.since.bind(broker)
    broker.since = async (channel, position) => {
      await released.promise
      return since(channel, position)
    }
    const { server, url } = await serve({ broker })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const { epoch } = await server.publish('a', 'x')
    await client.next('x')
    expect(await offsetsOf(client)).toEqual({ a: [epoch, 1] })
    const payload = { since: [[epoch, ['a', 0]]] }
    client.send({ type: 'subscribe', requestId: 'r', payload })
    expect(await client.settled()).toEqual([])
    await server.publish('a', 'x')
    expect(await offsetsOf(client)).toBeUndefined()
    released.resolve()
    await client.next('subscribed')
    await client.take(2)
    expect(await offsetsOf(client)).toBeUndefined()
  })

  it('lists a family under its own name', async () => {
    const { server, url } = await serve({ families: ['agent'] })
    const client = await RawClient.greeted(url)
    await client.subscribe('agent:*')
    await server.publish('agent:1', 'x')
    await client.next('x')
    expect(await offsetsOf(client)).toEqual({ 'agent:*': [expect.any(String), 1] })
  })
})
