import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, native } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'

const refuses = (code: string) => () => {
  throw new Error(code)
}

describe('a request', () => {
  it('resolves with the reply', async () => {
    const { clock, client, server } = scripted({ answer: (type, payload) => ({ type, payload }) })
    const answer = outcomeOf(
      client.request('task:create', { title: 'Write' }, { channel: 'tasks' }),
    )
    await clock.advance(1)
    expect(answer.value).toEqual({ type: 'task:create', payload: { title: 'Write' } })
    expect(server.messages.at(-1)).toMatchObject({ channel: 'tasks', timestamp: clock.wall() - 1 })
  })

  it("rejects with the server's error code", async () => {
    const { clock, client } = scripted({ answer: refuses('title-missing') })
    const answer = outcomeOf(client.request('task:create'))
    await clock.advance(1)
    expect(answer.error).toMatchObject({
      name: 'WirefoldError',
      code: 'title-missing',
      detail: { retryable: false },
    })
  })

  it('times out, and reports whether it was sent', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const sent = outcomeOf(client.request('slow', undefined, { timeoutMs: 1_000 }))
    await clock.advance(1_000)
    expect(sent.error).toMatchObject({ code: 'request-timeout', detail: { sent: true } })
    server.transport.refusing = true
    server.drop()
    await clock.advance(1)
    const unsent = outcomeOf(client.request('slow', undefined, { timeoutMs: 1_000 }))
    await clock.advance(1_000)
    expect(unsent.error).toMatchObject({ code: 'request-timeout', detail: { sent: false } })
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
  })

  it('that timed out before there was a connection is never sent', async () => {
    const { clock, client, server } = scripted({ answer: () => 'ok' })
    server.transport.refusing = true
    const request = outcomeOf(client.request('once', undefined, { timeoutMs: 100 }))
    await clock.advance(100)
    expect(request.error).toMatchObject({ code: 'request-timeout' })
    server.transport.refusing = false
    await clock.advance(60_000)
    expect(client.state.get().name).toBe('open')
    expect(server.count('once')).toBe(0)
  })

  it('is aborted by its signal before it is sent, after it is sent, and at the call', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const early = new AbortController()
    const unsent = outcomeOf(client.request('a', undefined, { signal: early.signal }))
    early.abort('changed my mind')
    await clock.advance(1)
    expect(unsent.error).toMatchObject({ code: 'aborted', cause: 'changed my mind' })
    const late = new AbortController()
    const sent = outcomeOf(client.request('b', undefined, { signal: late.signal }))
    await clock.advance(1)
    late.abort()
    const never = outcomeOf(client.request('c', undefined, { signal: late.signal }))
    await clock.advance(1)
    expect(sent.error).toMatchObject({ code: 'aborted' })
    expect(never.error).toMatchObject({ code: 'aborted' })
    expect([server.count('a'), server.count('b'), server.count('c')]).toEqual([0, 1, 0])
    // One timer remains: the heartbeat.
    expect(clock.timers).toBe(1)
  })

  it('ignores a reply that is late or repeated', async () => {
    const { clock, client, server, errors } = scripted({ answer: () => undefined })
    const request = outcomeOf(client.request('slow', undefined, { timeoutMs: 10 }))
    await clock.advance(1)
    const requestId = server.messages.at(-1)?.requestId
    await clock.advance(10)
    server.send({ type: 'reply', requestId, payload: 'late' })
    server.send({ type: 'reply', requestId: 'unknown', payload: 'odd' })
    await clock.advance(1)
    expect(request.error).toMatchObject({ code: 'request-timeout' })
    const other = outcomeOf(client.request('other'))
    await clock.advance(1)
    const otherId = server.messages.at(-1)?.requestId
    server.send({ type: 'reply', requestId: otherId, payload: 1 })
    server.send({ type: 'reply', requestId: otherId, payload: 2 })
    await clock.advance(1)
    expect(other).toEqual({ value: 1 })
    expect(errors).toEqual([])
  })

  it('that was interrupted is sent again with the same id, until its own deadline', async () => {
    let answers = false
    const { clock, client, server } = scripted({ answer: (type) => (answers ? type : undefined) })
    const first = outcomeOf(client.request('first'))
    const short = outcomeOf(client.request('short', undefined, { timeoutMs: 1_500 }))
    await clock.advance(1)
    server.drop()
    await clock.advance(1_000)
    const ids = server.messages.flatMap(({ type, requestId }) =>
      type === 'first' ? requestId : [],
    )
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    const marks = server.messages.flatMap((message) =>
      message.type === 'first' ? [message.repeated] : [],
    )
    expect(marks).toEqual([undefined, true])
    await clock.advance(500)
    expect(short.error).toMatchObject({ code: 'request-timeout', detail: { sent: true } })
    answers = true
    server.drop()
    await clock.advance(3_000)
    expect(first).toEqual({ value: 'first' })
    expect([server.count('first'), server.count('short')]).toEqual([3, 2])
  })

  it('is not sent again once the server may have forgotten its reply', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    server.welcome = { limits: { dedupeMs: 5_000 } }
    const paid = outcomeOf(client.request('pay', undefined, { timeoutMs: 60_000 }))
    await clock.advance(4_000)
    server.drop()
    await clock.advance(500)
    expect(server.count('pay')).toBe(2)
    server.transport.refusing = true
    server.drop()
    await clock.advance(5_000)
    server.transport.refusing = false
    await clock.advance(10_000)
    expect(paid.error).toMatchObject({ code: 'outcome-unknown' })
    expect(server.count('pay')).toBe(2)
  })

  it('that was interrupted rejects if the backend does not deduplicate, unless it is idempotent', async () => {
    const forgetful = { ...native(), capabilities: { ...native().capabilities, dedupes: false } }
    const { clock, client, server } = scripted(
      { answer: (type) => (type === 'held' ? 'ok' : undefined) },
      { dialect: () => forgetful },
    )
    const sent = outcomeOf(client.request('sent'))
    const harmless = outcomeOf(client.request('harmless', undefined, { idempotent: true }))
    await clock.advance(1)
    server.drop()
    await clock.advance(1)
    const held = outcomeOf(client.request('held'))
    await clock.advance(2_000)
    expect(sent.error).toMatchObject({ code: 'disconnected', detail: { sent: true } })
    expect(held).toEqual({ value: 'ok' })
    expect(harmless).toEqual({})
    expect([server.count('sent'), server.count('harmless')]).toEqual([1, 2])
  })

  it('rejects as closed when the client is closed, with and without deduplication', async () => {
    const forgetful = { ...native(), capabilities: { ...native().capabilities, dedupes: false } }
    for (const dialect of [native, () => forgetful]) {
      const { clock, client } = scripted({ answer: () => undefined }, { dialect })
      const sent = outcomeOf(client.request('sent'))
      await clock.advance(1)
      client.close()
      await clock.advance(1)
      expect(sent.error).toMatchObject({ code: 'closed' })
    }
  })

  it('that was too large for the server is not sent again', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const fine = outcomeOf(client.request('fine'))
    await clock.advance(100)
    const poison = outcomeOf(client.request('poison'))
    await clock.advance(1)
    server.drop(1009)
    await clock.advance(2_000)
    expect(poison.error).toMatchObject({ code: 'disconnected' })
    expect(fine).toEqual({})
    expect([server.count('fine'), server.count('poison')]).toEqual([2, 1])
  })

  it('is refused if too many are queued already', async () => {
    const { clock, client, server } = scripted(
      { answer: () => 'ok' },
      { outbox: { limit: 2, overflow: 'reject' } },
    )
    server.transport.refusing = true
    const requests = ['a', 'b', 'c'].map((type) => outcomeOf(client.request(type)))
    await clock.advance(0)
    expect(requests.map(({ error }) => error)).toMatchObject([
      undefined,
      undefined,
      { code: 'outbox-full', detail: { limit: 2 } },
    ])
    server.transport.refusing = false
    await clock.advance(2_000)
    expect(requests.map(({ value }) => value)).toEqual(['ok', 'ok', undefined])
  })

  it('that is too large, or is not JSON, rejects before it is sent', async () => {
    const { clock, client, server } = scripted({ answer: () => 'ok' })
    await Promise.all([client.connect(), clock.advance(1)])
    const large = outcomeOf(client.request('large', 'x'.repeat(70_000)))
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    const odd = outcomeOf(client.request('odd', cyclic))
    const good = outcomeOf(client.request('good'))
    await clock.advance(1)
    expect(large.error).toMatchObject({ code: 'too-large', detail: { limit: 65_536 } })
    expect(odd.error).toMatchObject({ code: 'bad-payload' })
    expect(good).toEqual({ value: 'ok' })
    expect(server.count('large') + server.count('odd')).toBe(0)
    // One timer remains: the heartbeat.
    expect(clock.timers).toBe(1)
  })

  it('settles exactly once, a thousand at a time', async () => {
    const { clock, client } = scripted({
      answer: (type, payload) => {
        if (type === 'odd') throw new Error('odd-one')
        return payload
      },
    })
    await Promise.all([client.connect(), clock.advance(1)])
    const requests = Array.from({ length: 1_000 }, (_, n) =>
      outcomeOf(client.request(n % 2 ? 'odd' : 'even', n)),
    )
    await clock.advance(1)
    requests.forEach((request, n) => {
      if (n % 2) expect(request.error).toMatchObject({ code: 'odd-one' })
      else expect(request).toEqual({ value: n })
    })
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
  })
})

describe('a reply', () => {
  it('returns the positions of the events that the request caused', async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const reply = outcomeOf(client.requestWithPosition<string>('task:create', 'x'))
    const silent = outcomeOf(client.requestWithPosition('task:create'))
    await clock.advance(1)
    const [first, second] = server.messages.slice(-2).map(({ requestId }) => requestId)
    const at = [{ channel: 'entity:Task', epoch: 'e1', offset: 3 }]
    server.send({ type: 'reply', requestId: first, payload: 'done', at })
    server.send({ type: 'reply', requestId: second })
    await clock.advance(1)
    expect(reply).toEqual({ value: { payload: 'done', at } })
    expect(silent).toEqual({ value: { payload: undefined, at: undefined } })
  })
})

describe('a request with an id', () => {
  it("marks the events it causes as the client's own", async () => {
    const { clock, client, server } = scripted({ answer: () => null })
    const channels = new ChannelSubscriber(client)
    const own: boolean[] = []
    channels.subscribe('news', (_, event) => own.push(client.isOwn(event)))
    client.request('say', 'hello', { id: client.eventId() })
    await clock.advance(1)
    const { id } = server.messages.at(-1) ?? {}
    for (const made of [id, `${id}/2`, undefined]) {
      server.send({ type: 'note', channel: 'news', id: made })
    }
    await clock.advance(1)
    expect(own).toEqual([true, true, false])
  })
})

describe('a client', () => {
  it('has its user id once the server has sent it', async () => {
    const { clock, client, server } = scripted()
    server.welcome = { userId: 'ada' }
    expect(client.userId).toBeUndefined()
    client.connect()
    await clock.advance(1)
    expect(client.userId).toBe('ada')
    server.drop()
    await clock.advance(1)
    expect(client.userId).toBe('ada')
  })
})

describe('the tag that a server says', () => {
  it('stands before the ids of the client’s own events, until the next welcome', async () => {
    const { clock, client, server } = scripted({ answer: () => null })
    server.welcome = { tag: 'ada’s:' }
    const own: boolean[] = []
    new ChannelSubscriber(client).subscribe('news', (_, event) => own.push(client.isOwn(event)))
    const published = outcomeOf(client.publish('news', 'said'))
    await clock.advance(1)
    const sent = server.messages.at(-1)?.id
    expect(published).toEqual({ value: `ada’s:${sent}` })
    const arrive = async () => {
      for (const id of [`ada’s:${sent}`, `ada’s:${sent}/2`, `eve’s:${sent}`, sent]) {
        server.send({ type: 'said', channel: 'news', id })
      }
      await clock.advance(1)
      return own.splice(0)
    }
    expect([client.eventTag, await arrive()]).toEqual(['ada’s:', [true, true, false, false]])
    server.welcome = { tag: 'another:' }
    server.drop()
    await clock.advance(20_000)
    expect([client.eventTag, await arrive()]).toEqual(['another:', [false, false, false, false]])
    server.welcome = {}
    server.drop()
    await clock.advance(20_000)
    expect([client.eventTag, await arrive()]).toEqual(['', [false, false, false, true]])
  })
})

describe('a publish', () => {
  it("is recognized as the client's own event when it comes back, even before its reply", async () => {
    const { clock, client, server } = scripted({ answer: () => undefined })
    const other = scripted({}, {}).client
    const channels = new ChannelSubscriber(client)
    const own: boolean[] = []
    channels.subscribe('news', (_, event) => own.push(client.isOwn(event), other.isOwn(event)))
    client.publish('news', 'note').catch(() => {})
    await clock.advance(1)
    const { id } = server.messages.at(-1) ?? {}
    server.send({ type: 'note', channel: 'news', id })
    server.send({ type: 'note', channel: 'news', id: 'foreign' })
    await clock.advance(1)
    expect(own).toEqual([true, false, false, false])
  })

  it('gives the event its own id, with which the promise resolves', async () => {
    const { clock, client, server } = scripted({ answer: () => null })
    const id = outcomeOf(client.publish('news', 'note', { text: 'hello' }))
    await clock.advance(1)
    expect(server.messages.at(-1)).toMatchObject({
      type: 'publish',
      channel: 'news',
      id: id.value,
      payload: { type: 'note', payload: { text: 'hello' } },
    })
  })
})
