import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { scripted } from '../support/scripted.ts'
import { wideDialect } from '../support/wide-dialect.ts'

function subscribed(refuse?: (channel: string) => string | undefined) {
  const parts = scripted(refuse ? { refuse } : {}, { dialect: () => wideDialect() })
  const drop = (channel: string) => {
    parts.server.subscribed.delete(channel)
    parts.server.send({ type: 'dropped', channel })
  }
  const subscribes = () => parts.server.messages.filter(({ type }) => type === 'subscribe')
  return { ...parts, channels: new ChannelSubscriber(parts.client), drop, subscribes }
}

describe('a channel that the server has dropped', () => {
  it('is subscribed to again alone, after a wait, at its position', async () => {
    const { clock, server, channels, drop, subscribes, errors } = subscribed()
    const received: unknown[] = []
    const news = channels.subscribe('news', (payload) => received.push(payload))
    const sport = channels.subscribe('sport', () => {})
    const statuses: string[] = []
    news.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    server.publish('news', 'note', 1)
    await clock.advance(10_000)
    drop('news')
    server.publish('news', 'note', 2)
    await clock.advance(449)
    expect(subscribes()).toHaveLength(1)
    expect([news.status.get().name, sport.status.get().name]).toEqual(['recovering', 'live'])
    // Half of the first wait of up to 900 ms: the random number is 0.5.
    await clock.advance(2)
    expect(subscribes().slice(1)).toMatchObject([
      { payload: { channels: [], since: [['e1', ['news', 1]]] } },
    ])
    expect([received, errors]).toEqual([[1, 2], []])
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('waits longer each time it is dropped right after it was live, and starts over once it stayed', async () => {
    const { clock, channels, drop, subscribes } = subscribed()
    channels.subscribe('news', () => {})
    await clock.advance(1)
    const waits: number[] = []
    const nextWait = async () => {
      const before = subscribes().length
      drop('news')
      const since = clock.now()
      while (subscribes().length === before) await clock.advance(1)
      return clock.now() - since
    }
    for (let n = 0; n < 12; n++) waits.push(await nextWait())
    expect(waits.slice(0, 2)).toEqual([450, 1_125])
    for (const [n, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(waits[n - 1] ?? 0)
    expect(waits.at(-1)).toBeLessThanOrEqual(12_000)
    await clock.advance(2_000)
    expect(await nextWait()).toBe(450)
  })

  it('subscribes once for a flood of losses, which counts as one', async () => {
    const { clock, channels, drop, subscribes } = subscribed()
    channels.subscribe('news', () => {})
    await clock.advance(1)
    for (let n = 0; n < 1_000; n++) drop('news')
    await clock.advance(450)
    expect(subscribes()).toHaveLength(2)
    drop('news')
    await clock.advance(1_125)
    expect(subscribes()).toHaveLength(3)
    await clock.advance(60_000)
    expect(subscribes()).toHaveLength(3)
    expect(clock.timers).toBe(1)
  })

  it('is subscribed to at once on a new connection', async () => {
    const { clock, server, channels, drop, subscribes } = subscribed()
    const news = channels.subscribe('news', () => {})
    await clock.advance(1)
    for (let n = 0; n < 8; n++) {
      drop('news')
      await clock.advance(n === 7 ? 1 : 12_000)
      if (n < 7) server.subscribed.add('news')
    }
    const before = subscribes().length
    server.drop()
    await clock.advance(1_000)
    expect(subscribes().length).toBe(before + 1)
    expect(news.status.get().name).toBe('live')
  })

  it('keeps its wait when handlers come, and is left without a message when they go', async () => {
    const { clock, server, channels, drop, subscribes } = subscribed()
    const first = channels.subscribe('news', () => {})
    await clock.advance(1)
    drop('news')
    await clock.advance(100)
    const second = channels.subscribe('news', () => {})
    await clock.advance(100)
    expect(subscribes()).toHaveLength(1)
    await clock.advance(400)
    expect([subscribes().length, second.status.get().name]).toEqual([2, 'live'])
    drop('news')
    await clock.advance(1)
    first()
    second()
    await clock.advance(20_000)
    expect([subscribes().length, server.count('unsubscribe'), channels.size]).toEqual([2, 0, 0])
  })

  it('leaves no timer when the client is closed, and is joined on the next connection', async () => {
    const { clock, client, channels, drop } = subscribed()
    const news = channels.subscribe('news', () => {})
    await clock.advance(1)
    drop('news')
    await clock.advance(1)
    client.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
    await Promise.all([client.connect(), clock.advance(1)])
    await clock.advance(1)
    expect(news.status.get().name).toBe('live')
  })

  it('can be refused when it is joined again, or end while it waits', async () => {
    let code: string | undefined
    const { clock, server, channels, drop, subscribes } = subscribed(() => code)
    const reported: unknown[] = []
    const onError = (error: unknown) => reported.push(error)
    const news = channels.subscribe('news', () => {}, { onError })
    await clock.advance(1)
    code = 'forbidden'
    drop('news')
    await clock.advance(1_000)
    expect(news.status.get().name).toBe('refused')
    expect(reported).toMatchObject([{ code: 'forbidden' }])
    code = undefined
    const again = channels.subscribe('news', () => {})
    await clock.advance(1)
    drop('news')
    server.send({ type: 'ended', channel: 'news' })
    await clock.advance(20_000)
    expect(again.status.get().name).toBe('ended')
    expect(subscribes()).toHaveLength(3)
  })
})

describe('a refusal with a time', () => {
  const limited = (retryAfterMs: number) => ({ code: 'rate-limited', retryAfterMs })

  it('is retried for each channel of a reply and for a revocation, each at its time', async () => {
    const { clock, server, channels, subscribes } = subscribed()
    const live = channels.subscribe('live', () => {}, { onError: () => {} })
    await clock.advance(1)
    server.silent = true
    const [one, two] = ['one', 'two'].map((name) =>
      channels.subscribe(name, () => {}, { onError: () => {} }),
    )
    await clock.advance(1)
    server.silent = false
    const waits = { one: 1_000, two: 3_000 }
    const refused = { one: 'rate-limited', two: 'rate-limited' }
    const { requestId } = subscribes()[1] ?? {}
    server.send({ type: 'subscribed', requestId, payload: { at: {}, refused, waits } })
    server.send({ type: 'unsubscribed', channel: 'live', payload: limited(2_000) })
    await clock.advance(1)
    const names = () => [live, one, two].map((handle) => handle?.status.get().name)
    expect(names()).toEqual(['refused', 'refused', 'refused'])
    await clock.advance(1_000)
    expect(names()).toEqual(['refused', 'live', 'refused'])
    await clock.advance(1_000)
    expect(names()).toEqual(['live', 'live', 'refused'])
    await clock.advance(1_000)
    expect(names()).toEqual(['live', 'live', 'live'])
  })
})
