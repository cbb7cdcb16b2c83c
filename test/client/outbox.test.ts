import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'

async function disconnected(outbox: ClientOptions['outbox'] = {}, requestTimeoutMs = 600_000) {
  const parts = scripted({ answer: (type) => type }, { outbox, requestTimeoutMs })
  parts.server.transport.refusing = true
  const enqueue = (type: string, options?: Parameters<typeof parts.client.request>[2]) =>
    outcomeOf(parts.client.request(type, undefined, options))
  const back = async () => {
    parts.server.transport.refusing = false
    await parts.clock.advance(20_000)
  }
  return { ...parts, enqueue, back }
}

const types = (messages: readonly Readonly<Record<string, unknown>>[]) =>
  messages.map(({ type }) => type).filter((type) => type !== 'hello' && type !== 'ping')

describe('the outbox', () => {
  it('keeps the order of queued requests', async () => {
    const { server, enqueue, back } = await disconnected()
    for (let n = 0; n < 50; n++) enqueue(`r${n}`)
    await back()
    expect(types(server.messages)).toEqual(Array.from({ length: 50 }, (_, n) => `r${n}`))
  })

  it('drops the oldest requests when it is full, and counts them', async () => {
    const { server, client, enqueue, back } = await disconnected()
    const outcomes = Array.from({ length: 150 }, (_, n) => enqueue(`r${n}`))
    expect(client.pending.get()).toEqual({ queued: 100, sent: 0 })
    await back()
    expect(outcomes.filter(({ error }) => error)).toHaveLength(50)
    expect(outcomes[49]?.error).toMatchObject({ code: 'outbox-full', detail: { limit: 100 } })
    expect(outcomes[50]).toEqual({ value: 'r50' })
    expect(types(server.messages)[0]).toBe('r50')
    expect(client.stats().dropped).toBe(50)
  })

  it('drops the newest request or refuses the new one, as configured', async () => {
    for (const [overflow, sent] of [
      ['drop-newest', ['a', 'd']],
      ['reject', ['a', 'b']],
    ] as const) {
      const { server, enqueue, back } = await disconnected({ limit: 2, overflow })
      for (const type of ['a', 'b', 'c', 'd']) enqueue(type)
      await back()
      expect(types(server.messages)).toEqual(sent)
    }
  })

  it('can be disabled with a limit of 0', async () => {
    for (const overflow of ['drop-oldest', 'drop-newest', 'reject'] as const) {
      const { clock, enqueue } = await disconnected({ limit: 0, overflow })
      const outcomes = enqueue('a')
      await clock.advance(0)
      expect(outcomes.error).toMatchObject({ code: 'outbox-full' })
    }
  })

  it('sends no request after its time to live', async () => {
    const { clock, server, enqueue, back } = await disconnected()
    const long = enqueue('long')
    const short = enqueue('short', { ttlMs: 5_000 })
    await clock.advance(5_000)
    expect(short.error).toMatchObject({
      code: 'request-timeout',
      detail: { sent: false, timeoutMs: 5_000 },
    })
    await clock.advance(55_000)
    expect(long.error).toMatchObject({ detail: { sent: false, timeoutMs: 60_000 } })
    await back()
    expect(types(server.messages)).toEqual([])
  })

  it('does not apply the time to live to sent requests', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    await Promise.all([client.connect(), clock.advance(1)])
    const outcomes = outcomeOf(client.request('slow', undefined, { ttlMs: 10, timeoutMs: 1_000 }))
    await clock.advance(500)
    server.send({ type: 'reply', requestId: server.messages.at(-1)?.requestId, payload: 'late' })
    await clock.advance(1)
    expect(outcomes).toEqual({ value: 'late' })
  })

  it('does not queue volatile requests', async () => {
    const { clock, client, server, enqueue } = await disconnected()
    const outcomes = enqueue('cursor', { volatile: true })
    await clock.advance(0)
    expect(outcomes.error).toMatchObject({ code: 'disconnected', detail: { sent: false } })
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
    server.transport.refusing = false
    await clock.advance(20_000)
    const open = enqueue('cursor', { volatile: true })
    await clock.advance(1)
    expect(open).toEqual({ value: 'cursor' })
  })

  it('counts the queued and the sent requests', async () => {
    const { clock, client, server, enqueue, back } = await disconnected()
    const seen: string[] = []
    client.pending.subscribe(({ queued, sent }) => seen.push(`${queued}/${sent}`))
    enqueue('a')
    enqueue('b')
    server.silent = false
    await back()
    await clock.advance(1)
    expect(seen).toEqual(['0/0', '1/0', '2/0', '1/1', '0/2', '0/1', '0/0'])
  })

  it('sends subscribes before queued requests, and everything after the greeting', async () => {
    const { server, enqueue, back, client } = await disconnected()
    enqueue('first')
    client.port.join({
      order: 1,
      handlers: 0,
      opening: () => {
        client.port.say({
          ...{ kind: 'subscribe', timestamp: 0, requestId: 's' },
          ...{ channels: ['a'], since: new Map() },
        })
      },
      receive: () => false,
      disconnected: () => {},
      forget: () => {},
      ended: () => false,
    })
    await back()
    const greeting = server.transport.last.received[0] ?? ''
    expect(JSON.parse(greeting).map(({ type }: { type: string }) => type)).toEqual([
      'hello',
      'subscribe',
      'first',
    ])
  })

  it("sends a thousand requests within the server's rate limit, and all settle", async () => {
    const { clock, server, client } = scripted({ answer: (type) => type })
    server.welcome = { limits: { messagesPerSecond: 100 } }
    await Promise.all([client.connect(), clock.advance(1)])
    const outcomes = Array.from({ length: 1_000 }, (_, n) => outcomeOf(client.request(`r${n}`)))
    await clock.advance(1_000)
    expect(outcomes.filter(({ value }) => value).length).toBeLessThanOrEqual(301)
    await clock.advance(9_000)
    expect(outcomes.map(({ value }) => value)).toEqual(outcomes.map((_, n) => `r${n}`))
  })

  it('sends unsent requests on the next connection, each once', async () => {
    const { clock, server, client } = scripted({ answer: (type) => type })
    server.welcome = { limits: { messagesPerSecond: 1 } }
    await Promise.all([client.connect(), clock.advance(1)])
    const outcomes = ['a', 'b', 'c', 'd'].map((type) => outcomeOf(client.request(type)))
    await clock.advance(1)
    expect(types(server.messages)).toEqual(['a', 'b'])
    server.drop()
    await clock.advance(2_000)
    expect(types(server.messages)).toEqual(['a', 'b', 'c', 'd'])
    expect(outcomes.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('does not send a request that timed out while it waited for the rate limit', async () => {
    const { clock, server, client } = scripted({ answer: (type) => type })
    server.welcome = { limits: { messagesPerSecond: 1 } }
    await Promise.all([client.connect(), clock.advance(1)])
    for (const type of ['a', 'b']) void client.request(type)
    const late = outcomeOf(client.request('late', undefined, { timeoutMs: 500 }))
    await clock.advance(10_000)
    expect(late.error).toMatchObject({ code: 'request-timeout', detail: { sent: false } })
    expect(types(server.messages)).toEqual(['a', 'b'])
  })

  it('sends requests with the same ordering key one after the other, without delaying others', async () => {
    const { clock, server, client } = scripted({ answer: () => undefined })
    await Promise.all([client.connect(), clock.advance(1)])
    const enqueue = (type: string, ordering?: string) =>
      outcomeOf(client.request(type, undefined, { ordering, timeoutMs: 60_000 }))
    const [first, second, third] = ['doc 1', 'doc 2', 'doc 3'].map((type) => enqueue(type, 'doc'))
    enqueue('other', 'another')
    enqueue('free')
    await clock.advance(1)
    expect(types(server.messages)).toEqual(['doc 1', 'other', 'free'])
    const reply = async (type: string, refused = false) => {
      const { requestId } = server.messages.filter((message) => message.type === type).at(-1) ?? {}
      server.send(
        refused
          ? { type: 'error', requestId, payload: { code: 'no' } }
          : { type: 'reply', requestId, payload: type },
      )
      await clock.advance(1)
    }
    await reply('doc 1')
    expect(types(server.messages).at(-1)).toBe('doc 2')
    server.drop()
    await clock.advance(1_000)
    expect(types(server.messages).slice(4)).toEqual(['doc 2', 'other', 'free'])
    await reply('doc 2', true)
    expect(types(server.messages).at(-1)).toBe('doc 3')
    await reply('doc 3')
    expect([first?.value, third?.value]).toEqual(['doc 1', 'doc 3'])
    expect(second?.error).toMatchObject({ code: 'no' })
  })

  it('keeps only the newest queued request with the same supersede key', async () => {
    const { server, enqueue, back } = await disconnected()
    const moves = [1, 2, 3].map((n) => enqueue(`move ${n}`, { supersede: 'cursor' }))
    const other = enqueue('other', { supersede: 'another' })
    await back()
    expect(types(server.messages)).toEqual(['move 3', 'other'])
    expect(moves.map(({ error }) => error)).toMatchObject([
      { code: 'superseded' },
      { code: 'superseded' },
      undefined,
    ])
    expect([moves[2], other]).toEqual([{ value: 'move 3' }, { value: 'other' }])
  })

  it('sends the next request with an ordering key once the previous one is given up', async () => {
    const { clock, server, client } = scripted({ answer: () => undefined })
    await Promise.all([client.connect(), clock.advance(1)])
    const first = outcomeOf(client.request('a', undefined, { ordering: 'x', timeoutMs: 100 }))
    const waiting = new AbortController()
    outcomeOf(client.request('b', undefined, { ordering: 'x', signal: waiting.signal }))
    outcomeOf(client.request('c', undefined, { ordering: 'x', volatile: true }))
    await clock.advance(50)
    waiting.abort()
    await clock.advance(60)
    expect(first.error).toMatchObject({ code: 'request-timeout' })
    expect(types(server.messages)).toEqual(['a', 'c'])
    client.close()
  })
})
