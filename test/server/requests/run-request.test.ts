import { describe, expect, it } from 'vitest'
import { WirefoldError } from 'wirefold'
import type { RequestContext } from 'wirefold/server'
import { EventBus, MemoryBroker, refuse } from 'wirefold/server'
import { deferred, RawClient, serve } from '../raw-client.ts'

describe('a publish', () => {
  const allow = { authorize: () => true }

  it('is broadcast with the id of its sender behind the sender’s tag, and gets its position as the reply', async () => {
    const { url } = await serve(allow)
    const [sender, reader] = [await RawClient.greeted(url), await RawClient.greeted(url)]
    await sender.subscribe('a')
    await reader.subscribe('a')
    sender.send({
      type: 'publish',
      channel: 'a',
      id: 'mine',
      requestId: 'r',
      payload: { type: 'moved', payload: { x: 1 } },
    })
    const id = `${sender.tag}mine`
    const event = { type: 'moved', channel: 'a', id, offset: 1, payload: { x: 1 } }
    expect(await reader.next()).toMatchObject(event)
    expect(await sender.next()).toMatchObject(event)
    expect(await sender.next()).toEqual({
      type: 'reply',
      requestId: 'r',
      at: [{ channel: 'a', epoch: expect.any(String), offset: 1 }],
    })
  })

  it('without a requestId gets no reply', async () => {
    const { url } = await serve(allow)
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    client.send({ type: 'publish', channel: 'a', id: 'e', payload: { type: 'moved' } })
    const event = await client.next('moved')
    expect(event).toMatchObject({ id: `${client.tag}e`, offset: 1 })
    expect(event).not.toHaveProperty('payload')
    // The next frame is the reply to this request, so there was none to the publish.
    await client.request({ type: 'nothing' })
  })

  it('is forbidden to clients unless authorize allows it', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const answer = await client.request({
      type: 'publish',
      channel: 'a',
      payload: { type: 'moved' },
    })
    expect(answer).toMatchObject({
      type: 'error',
      payload: { code: 'forbidden', retryable: false },
    })
    expect(await client.settled()).toEqual([])
  })

  it('calls authorize with the channel and the action', async () => {
    const calls: unknown[] = []
    const { url } = await serve({
      authenticate: () => ({ id: 'ada' }),
      authorize: async (user, channel, action) => calls.push([user?.id, channel, action]) > 0,
    })
    const client = await RawClient.greeted(url)
    await client.request({ type: 'publish', channel: 'a', payload: { type: 'moved' } })
    expect(calls).toEqual([['ada', 'a', 'publish']])
  })

  it.each(['', 'agent:*', 'a\nb'])(
    'to %j is refused, because it is not a channel',
    async (channel) => {
      const { url } = await serve({ ...allow, families: ['agent'] })
      const client = await RawClient.greeted(url)
      const answer = await client.request({ type: 'publish', channel, payload: { type: 'moved' } })
      expect(answer.payload).toMatchObject({ code: 'bad-channel' })
    },
  )

  it.each(['unsubscribed', 'error', 'reply', 'welcome', ''])(
    'of the type %j is refused, because receivers would take it for a frame of the server',
    async (type) => {
      const { url } = await serve(allow)
      const client = await RawClient.greeted(url)
      await client.subscribe('a')
      const answer = await client.request({ type: 'publish', channel: 'a', payload: { type } })
      expect(answer.payload).toMatchObject({ code: 'bad-frame' })
      expect(await client.settled()).toEqual([])
    },
  )
})

describe('a request', () => {
  it('gets the value its handler returns', async () => {
    const { server, url } = await serve()
    server.handle('add', (payload) => {
      const [a, b] = payload as [number, number]
      return { sum: a + b }
    })
    server.handle('nothing', async () => {})
    const client = await RawClient.greeted(url)
    expect(await client.request({ type: 'add', requestId: 'r', payload: [1, 2] })).toEqual({
      type: 'reply',
      requestId: 'r',
      payload: { sum: 3 },
    })
    expect(await client.request({ type: 'nothing', requestId: 's' })).toEqual({
      type: 'reply',
      requestId: 's',
    })
  })

  it('passes its context to the handler, and positions of events to the client', async () => {
    const { server, url } = await serve({ authenticate: () => ({ id: 'ada' }) })
    const contexts: RequestContext[] = []
    server.handle('task:create', async (payload, context) => {
      contexts.push(context)
      await context.publish('entity:Task', 'entity:created', payload)
      return 'done'
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('entity:Task')
    client.send({ type: 'task:create', requestId: 'r', channel: 'entity:Task', payload: { id: 1 } })
    expect(await client.next('entity:created')).toMatchObject({ offset: 1, payload: { id: 1 } })
    expect(await client.next('reply')).toMatchObject({
      payload: 'done',
      at: [{ channel: 'entity:Task', epoch: expect.any(String), offset: 1 }],
    })
    expect(contexts).toMatchObject([
      {
        user: { id: 'ada' },
        connectionId: server.connections()[0]?.id,
        requestId: 'r',
        channel: 'entity:Task',
      },
    ])
  })

  it('gives its id to the first event of its handler, and derived ids to further ones', async () => {
    const { server, url } = await serve()
    const ids: unknown[] = []
    server.handle('task:split', async (_, { id, publish }) => {
      ids.push(id)
      for (const channel of ['a', 'b', 'a', 'a']) await publish(channel, 'made')
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    await client.subscribe('b')
    const received = []
    for (const id of ['mine', undefined]) {
      client.send({ type: 'task:split', requestId: `r${id}`, id })
      received.push(...(await client.take(5)))
    }
    const events = received.map(({ type, channel, id }) => (type === 'made' ? [channel, id] : []))
    const on = (channel: string) => events.filter(([name]) => name === channel).map(([, id]) => id)
    const mine = `${client.tag}mine`
    expect(on('a')).toEqual([mine, `${mine}/2`, `${mine}/3`, undefined, undefined, undefined])
    expect(on('b')).toEqual([mine, undefined])
    expect(ids).toEqual([mine, undefined])
  })

  it('includes events that the server publishes while its handler runs', async () => {
    const { server, url } = await serve()
    const bus = new EventBus<{ made: string }>()
    bus.subscribe('made', (what) => server.publish('a', 'made', what))
    server.handle('task:make', async (_, { publish }) => {
      await bus.publish('made', 'by the bus')
      await publish('a', 'made', 'by the context')
      await server.channels.publish('a', 'made', 'by the channels')
      await server.publish('b', 'made', 'with an id', { id: 'own' })
      await server.publish('b', 'made', 'without')
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a', 'b')
    client.send({ type: 'task:make', requestId: 'r', id: 'mine' })
    const received = await client.take(5)
    const mine = `${client.tag}mine`
    expect(received.map(({ channel, id, payload }) => [channel, id, payload])).toEqual([
      ['a', mine, 'by the bus'],
      ['a', `${mine}/2`, 'by the context'],
      ['a', `${mine}/3`, 'by the channels'],
      ['b', 'own', 'with an id'],
      ['b', mine, 'without'],
    ])
    const { at } = await client.next('reply')
    const positions = (at as { channel: string; offset: number }[]).map(({ channel, offset }) => [
      channel,
      offset,
    ])
    expect(positions).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', 1],
      ['b', 2],
    ])
  })

  it('has a current user, separate from that of concurrent requests', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token === undefined ? null : { id: token }),
    })
    const both = deferred<void>()
    let running = 0
    const currentUser = async () => {
      if (++running === 2) both.resolve()
      await both.promise
      return server.currentUser === null ? 'anonymous' : server.currentUser?.id
    }
    server.handle('who', async (_, { publish }) => {
      const who = await currentUser()
      await publish('a', 'made', who)
      return who
    })
    const clients = [await RawClient.greeted(url, { token: 'ada' }), await RawClient.greeted(url)]
    const answers = await Promise.all(clients.map((client) => client.request({ type: 'who' })))
    const replies = answers.map(({ payload, at }) => [payload, at])
    const position = { channel: 'a', epoch: expect.any(String), offset: expect.any(Number) }
    expect(replies).toEqual([
      ['ada', [position]],
      ['anonymous', [position]],
    ])
    expect(server.currentUser).toBe(undefined)
  })

  it('does not include events published after its handler returned, or on another server', async () => {
    const { server, url } = await serve()
    const other = await serve()
    const answered = deferred<void>()
    const left = deferred<unknown>()
    server.handle('leave', async () => {
      answered.promise
        .then(() => server.publish('a', 'late'))
        .then(() => left.resolve(server.currentUser))
      await other.server.publish('a', 'elsewhere')
      return other.server.currentUser === undefined
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const reply = await client.request({ type: 'leave', id: 'mine' })
    expect(reply).toEqual({ type: 'reply', requestId: reply.requestId, payload: true })
    answered.resolve()
    expect(await client.next('late')).not.toHaveProperty('id')
    expect(await left.promise).toBe(undefined)
  })

  it('aborts the signal of its handler when the connection is gone', async () => {
    const { server, url } = await serve()
    const began = deferred<AbortSignal>()
    server.handle('slow', (_, { signal }) => {
      began.resolve(signal)
      return new Promise(() => {})
    })
    const client = await RawClient.greeted(url)
    client.send({ type: 'slow', requestId: 'r' })
    const signal = await began.promise
    expect(signal.aborted).toBe(false)
    client.ws.terminate()
    await expect.poll(() => signal.aborted).toBe(true)
  })

  it('without a handler is refused, with any type', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    for (const type of ['nope', 'constructor', '__proto__', 'toString', 'error', 'welcome']) {
      const { payload } = await client.request({ type })
      expect(payload).toMatchObject({ code: 'unknown-type', retryable: false })
    }
    client.send({ type: 'nope', channel: 'a' })
    expect(await client.next('error')).toMatchObject({ channel: 'a' })
  })

  it('with a channel calls authorize', async () => {
    const { server, url } = await serve({
      authorize: (_, channel, action) => action === 'request' && channel === 'mine',
    })
    server.handle('read', () => 'text')
    const client = await RawClient.greeted(url)
    expect((await client.request({ type: 'read', channel: 'mine' })).payload).toBe('text')
    expect((await client.request({ type: 'read', channel: 'yours' })).payload).toMatchObject({
      code: 'forbidden',
    })
    expect((await client.request({ type: 'read', channel: '' })).payload).toMatchObject({
      code: 'bad-channel',
    })
  })

  it('is refused with the error that its handler threw by refuse()', async () => {
    const { server, url, errors } = await serve()
    server.handle('buy', () => {
      throw refuse('out-of-stock', 'Sold out.', {
        retryable: true,
        retryAfterMs: 500,
        details: { left: 0 },
      })
    })
    const client = await RawClient.greeted(url)
    expect((await client.request({ type: 'buy' })).payload).toEqual({
      code: 'out-of-stock',
      message: 'Sold out.',
      retryable: true,
      retryAfterMs: 500,
      details: { left: 0 },
    })
    expect(errors).toEqual([])
  })

  const secret = 'SELECT * FROM users at /srv/app/db.js'
  const failures: readonly [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error(secret)
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error(secret), { code: 'ECONNREFUSED' }))],
    ['rejects with a string', () => Promise.reject(secret)],
    ['rejects with undefined', () => Promise.reject(undefined)],
    [
      'throws a WirefoldError not made by refuse()',
      () => {
        throw new WirefoldError('bad-frame', secret, { reason: secret })
      },
    ],
    ['returns a BigInt', () => ({ id: 1n })],
    [
      'returns a cycle',
      () => {
        const circle: { self?: unknown } = {}
        circle.self = circle
        return circle
      },
    ],
  ]
  it.each(failures)(
    'whose handler %s gets handler-failed without any details',
    async (_, handler) => {
      const { server, url, errors } = await serve()
      server.handle('fail', handler)
      const client = await RawClient.greeted(url)
      client.send({ type: 'fail', requestId: 'r' })
      const text = await client.text()
      expect(JSON.parse(text)).toEqual({
        type: 'error',
        requestId: 'r',
        payload: {
          code: 'handler-failed',
          message: 'The request could not be carried out.',
          retryable: false,
        },
      })
      expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'request fail' } }])
    },
  )

  it('gets a reply even if the refusal cannot be encoded', async () => {
    const { server, url, errors } = await serve()
    server.handle('fail', () => {
      throw refuse('busy', 'Busy.', { details: 1n })
    })
    const client = await RawClient.greeted(url)
    expect((await client.request({ type: 'fail' })).payload).toMatchObject({
      code: 'handler-failed',
    })
    expect(errors).toHaveLength(1)
  })

  it('fails if its handler publishes an invalid event', async () => {
    const { server, url, errors } = await serve()
    server.handle('a', (_, { publish }) => publish('x', 'error'))
    server.handle('b', (_, { publish }) => publish('x:*', 'y'))
    server.handle('c', (_, { publish }) => publish('x', 'y', 1n))
    server.handle('d', (_, { publish }) => publish('x', 'y', 'x'.repeat(4 * 1024 * 1024)))
    const client = await RawClient.greeted(url)
    for (const type of ['a', 'b', 'c', 'd']) {
      expect((await client.request({ type })).payload).toMatchObject({ code: 'handler-failed' })
    }
    expect(errors).toHaveLength(4)
  })

  it('fails with a final error if its handler cannot publish, since a retry would repeat effects', async () => {
    const broker = new MemoryBroker()
    broker.publish = () => Promise.reject(refuse('unavailable', 'Later.', { retryable: true }))
    const { url, server, errors } = await serve({ broker })
    let done = 0
    server.handle('do', async (_payload, { publish }) => {
      done += 1
      await publish('a', 'done')
    })
    server.handle('do:otherwise', async () => {
      done += 1
      await server.publish('a', 'done')
    })
    const client = await RawClient.greeted(url)
    for (const type of ['do', 'do', 'do:otherwise', 'do:otherwise']) {
      const answer = await client.request({ type, requestId: type })
      expect(answer.payload).toMatchObject({ code: 'handler-failed', retryable: false })
    }
    expect([done, errors.length]).toEqual([2, 2])
  })

  it('does not block others: 1,000 at once get exactly one reply each', async () => {
    const { server, url } = await serve({ limits: { messagesPerSecond: 1_000 } })
    let running = 0
    let most = 0
    const all = deferred<void>()
    server.handle('echo', async (payload) => {
      most = Math.max(most, ++running)
      if (running === 1_000) all.resolve()
      await all.promise
      return payload
    })
    const client = await RawClient.greeted(url)
    for (let n = 0; n < 1_000; n++) client.send({ type: 'echo', requestId: `r${n}`, payload: n })
    const answers = await client.take(1_000)
    expect(new Map(answers.map((a) => [a.requestId, a.payload])).size).toBe(1_000)
    for (const { requestId, payload } of answers) expect(requestId).toBe(`r${payload}`)
    expect(most).toBe(1_000)
    expect(await client.settled()).toEqual([])
  })

  it('runs after the subscribes sent before it', async () => {
    const may = deferred<boolean>()
    const { server, url } = await serve({ authorize: () => may.promise })
    server.handle('poke', (_, { publish }) => publish('a', 'poked'))
    const client = await RawClient.greeted(url)
    client.send([
      { type: 'subscribe', requestId: 's', payload: { channels: ['a'] } },
      { type: 'poke', requestId: 'p' },
    ])
    await client.settled()
    may.resolve(true)
    const types = (await client.take(3)).map(({ type }) => type)
    expect(types).toEqual(['subscribed', 'poked', 'reply'])
  })
})

describe('a handler', () => {
  it('is the only one of its type, until it is removed', async () => {
    const { server, url } = await serve()
    const remove = server.handle('a', () => 1)
    expect(() => server.handle('a', () => 2)).toThrow(/has a handler already/)
    remove()
    remove()
    server.handle('a', () => 2)
    remove()
    const client = await RawClient.greeted(url)
    expect((await client.request({ type: 'a' })).payload).toBe(2)
  })

  it.each(['', 'ping', 'subscribe', 'auth', 'x'.repeat(129)])(
    'of the type %j is a mistake',
    async (type) => {
      const { server } = await serve()
      expect(() => server.handle(type, () => 1)).toThrow(/not a valid request type/)
    },
  )
})

describe('an error listener', () => {
  it('that throws does not affect requests', async () => {
    const { server, url } = await serve({
      onError: () => {
        throw new Error('listener')
      },
    })
    const printed: unknown[] = []
    const original = console.error
    console.error = (error: unknown) => printed.push(error)
    try {
      server.handle('fail', () => Promise.reject(new Error('handler')))
      const client = await RawClient.greeted(url)
      expect((await client.request({ type: 'fail' })).type).toBe('error')
    } finally {
      console.error = original
    }
    expect(printed).toMatchObject([{ message: 'listener' }])
  })
})
