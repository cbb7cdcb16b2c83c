import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, channelEvents } from 'wirefold'
import { settle } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

async function live(options: Parameters<typeof channelEvents>[2] = {}, refuse?: () => string) {
  const parts = scripted(refuse ? { refuse } : {})
  const channels = new ChannelSubscriber(parts.client)
  const iterator = channelEvents(channels, 'news', options)[Symbol.asyncIterator]()
  await parts.clock.advance(1)
  const publish = async (...payloads: unknown[]) => {
    for (const payload of payloads) parts.server.publish('news', 'note', payload)
    await parts.clock.advance(1)
  }
  return { ...parts, channels, iterator, publish }
}

const payloads = async (iterator: AsyncIterator<{ payload: unknown }>) => {
  const all: unknown[] = []
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    all.push(next.value.payload)
  }
  return all
}

describe('channel events', () => {
  it('yields every event in order, to pending reads and from the buffer', async () => {
    const { iterator, publish } = await live()
    const first = outcomeOf(iterator.next())
    await publish(1, 2, 3)
    expect(first.value).toMatchObject({ done: false, value: { payload: 1 } })
    expect((await iterator.next()).value).toMatchObject({ payload: 2 })
    expect((await iterator.next()).value).toMatchObject({ payload: 3 })
  })

  it('releases its subscription when the loop ends', async () => {
    const { clock, server, channels, publish } = await live()
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const event of channelEvents(channels, 'sport')) {
        seen.push(event.payload)
        break
      }
    })()
    await clock.advance(1)
    server.publish('sport', 'note', 'goal')
    await clock.advance(1)
    await loop
    await publish('x')
    await clock.advance(1_000)
    expect(seen).toEqual(['goal'])
    expect([...server.subscribed]).toEqual(['news'])
  })

  it('throws after the buffered events if more arrived than it can buffer', async () => {
    const { iterator, publish, server, clock } = await live({ buffer: 2 })
    await publish(1, 2, 3, 4)
    expect((await iterator.next()).value).toMatchObject({ payload: 1 })
    expect((await iterator.next()).value).toMatchObject({ payload: 2 })
    await expect(iterator.next()).rejects.toMatchObject({ code: 'overflow', detail: { limit: 2 } })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it("keeps the latest events with overflow 'latest'", async () => {
    const controller = new AbortController()
    const { iterator, publish } = await live({ buffer: 2, overflow: 'latest' })
    await publish(1, 2, 3, 4)
    expect((await iterator.next()).value).toMatchObject({ payload: 3 })
    expect((await iterator.next()).value).toMatchObject({ payload: 4 })
    controller.abort()
  })

  it('buffers nothing with a buffer of 0, and passes the next event to a pending read', async () => {
    const { iterator, publish } = await live({ buffer: 0, overflow: 'latest' })
    await publish(1, 2)
    const next = iterator.next()
    await publish(3)
    expect((await next).value).toMatchObject({ payload: 3 })
  })

  it('ends all pending reads when its signal is aborted', async () => {
    const controller = new AbortController()
    const { iterator, publish, server, clock } = await live({ signal: controller.signal })
    const waiting = [outcomeOf(iterator.next()), outcomeOf(iterator.next())]
    controller.abort()
    await settle()
    expect(waiting.map(({ value }) => value?.done)).toEqual([true, true])
    await publish(1)
    expect(await payloads(iterator)).toEqual([])
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it("throws the server's refusal", async () => {
    const { iterator, errors } = await live({}, () => 'forbidden')
    await expect(iterator.next()).rejects.toMatchObject({ code: 'forbidden' })
    expect(errors).toEqual([])
  })
})
