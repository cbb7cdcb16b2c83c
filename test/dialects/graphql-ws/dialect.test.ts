import { describe, expect, it } from 'vitest'
import type { AuthReason } from 'wirefold'
import type { Intent } from 'wirefold/dialects'
import { channelWith } from 'wirefold/dialects'
import type { GraphqlWsOptions } from 'wirefold/dialects/graphql-ws'
import { graphqlSse, graphqlWs } from 'wirefold/dialects/graphql-ws'
import { dialled } from '../../support/dialled.ts'
import { operations } from '../../support/peers/chat.ts'
import { outcomeOf } from '../../support/scripted.ts'

const ack = { type: 'connection_ack' }

/** A client whose server has acknowledged the connection; the test sends all other messages. */
async function opened(options: GraphqlWsOptions = {}) {
  const parts = dialled(graphqlWs({ operations, ...options }), (message, send) => {
    if (message.type === 'connection_init') send(ack)
  })
  await Promise.all([parts.client.connect(), parts.clock.advance(1)])
  parts.sent.splice(0)
  const subscribe = async (room: string) => {
    const events: unknown[] = []
    const channel = parts.channels.subscribe('messages', (payload) => events.push(payload), {
      params: { room },
      onError: () => {},
    })
    await parts.clock.advance(1)
    return { channel, events, id: parts.sent.at(-1)?.id }
  }
  const request = async (name: string) => {
    const outcome = outcomeOf(parts.client.request(name))
    await parts.clock.advance(1)
    return { outcome, id: parts.sent.at(-1)?.id }
  }
  return { ...parts, subscribe, request }
}

describe('the greeting', () => {
  it('carries the token as connectionParams, or what the application makes of it', async () => {
    for (const [connectionParams, auth, payload] of [
      [undefined, () => 't', { token: 't' }],
      [undefined, undefined, undefined],
      [
        (token?: string) => ({ headers: { Authorization: `Bearer ${token}` } }),
        () => 't',
        { headers: { Authorization: 'Bearer t' } },
      ],
      [() => ({ tenant: 1 }), undefined, { tenant: 1 }],
    ] as const) {
      const { client, clock, sent, pair } = dialled(graphqlWs({ connectionParams }), () => {}, {
        auth,
      })
      void client.connect()
      await clock.advance(1)
      expect(sent).toEqual([
        payload ? { type: 'connection_init', payload } : { type: 'connection_init' },
      ])
      expect(pair.last.url).toBe('ws://test/ws')
      client.close()
    }
  })

  it('comes before every other message, which wait for the acknowledgement', async () => {
    const { client, channels, clock, deliver, sent } = dialled(graphqlWs({ operations }))
    const channel = channels.subscribe('messages', () => {}, { params: { room: '1' } })
    void client.request('hello')
    await clock.advance(1_000)
    expect(sent).toEqual([{ type: 'connection_init' }])
    expect(channel.status.get()).toEqual({ name: 'pending' })
    await deliver(ack)
    expect(sent.map(({ type }) => type)).toEqual(['connection_init', 'subscribe', 'subscribe'])
    expect(channel.status.get()).toEqual({ name: 'live' })
  })

  it('is refused by 4403: the client asks for other credentials once, and has no gap', async () => {
    const reasons: AuthReason[] = []
    const { channels, client, clock, deliver, pair } = dialled(
      graphqlWs({ operations }),
      () => {},
      {
        auth(reason) {
          reasons.push(reason)
          return reason
        },
      },
    )
    client.on('failed', () => {})
    const channel = channels.subscribe('messages', () => {}, { params: { room: '1' } })
    await clock.advance(1)
    pair.last.close(4403, 'Forbidden')
    await clock.advance(5_000)
    await deliver(ack)
    expect(channel.status.get()).toEqual({ name: 'live' })
    for (let n = 0; n < 2; n++) {
      pair.last.close(4403, 'Forbidden')
      await clock.advance(5_000)
    }
    expect(reasons).toEqual(['connect', 'refused', 'refused'])
    expect(client.state.get()).toMatchObject({
      name: 'failed',
      error: { detail: { closeCode: 4403 } },
    })
  })
})

describe('operations', () => {
  it('have ids of their own, also where a channel is subscribed to anew', async () => {
    const { clock, deliver, sent, subscribe } = await opened()
    const { channel, events, id } = await subscribe('1')
    channel.renew()
    await clock.advance(1)
    const [, complete, again] = sent
    expect(complete).toEqual({ id, type: 'complete' })
    expect(again).toMatchObject({ type: 'subscribe', payload: { variables: { room: '1' } } })
    expect(again?.id).not.toBe(id)
    await deliver(
      { id, type: 'next', payload: { data: { messages: 'late' } } },
      { id, type: 'complete' },
      { id: again?.id, type: 'next', payload: { data: { messages: 'new' } } },
    )
    expect(events).toEqual([{ messages: 'new' }])
    expect(channel.status.get()).toEqual({ name: 'live' })
  })

  it('end without a message where the server has ended them', async () => {
    const { clock, deliver, sent, subscribe } = await opened()
    const { channel, id } = await subscribe('1')
    await deliver({ id, type: 'complete' })
    channel()
    await clock.advance(1_000)
    expect(sent).toHaveLength(1)
  })

  it('take variables that are an object, since the server closes for others', async () => {
    const { channels, client, sent } = await opened()
    for (const payload of [1, 'x', ['a'], null]) {
      await expect(client.request('hello', payload)).rejects.toMatchObject({ code: 'unsupported' })
      if (payload === null) continue
      expect(() => channels.subscribe('messages', () => {}, { params: payload })).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      )
    }
    expect(sent).toEqual([])
  })

  it('are refused at once under a name that is not known, and is no document', async () => {
    const { channels, client, clock, request, sent } = await opened()
    for (const name of ['messagse', '', 'constructor', 'two words']) {
      const { outcome } = await request(name)
      expect(outcome.error).toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining(`${name}, which is not in operations`),
      })
    }
    const onError = (): void => {}
    const [good, bad, other] = ['messages', 'messagse', '{ n }'].map((name) =>
      channels.subscribe(name, () => {}, { onError }),
    )
    await clock.advance(1)
    expect(bad?.status.get()).toMatchObject({ name: 'refused', error: { code: 'unsupported' } })
    expect(good?.status.get()).toEqual({ name: 'live' })
    expect(other?.status.get()).toEqual({ name: 'live' })
    // A `complete` for an operation that the server does not know yet has no effect.
    const started = sent.filter(({ type }) => type === 'subscribe')
    expect(started.map(({ payload }) => Object(payload).query)).toEqual([
      operations.messages,
      '{ n }',
    ])
    expect(new Set(started.map(({ id }) => id)).size).toBe(2)
    await expect(request('{\n  me\n}')).resolves.toMatchObject({ id: expect.any(String) })
    expect(client.state.get().name).toBe('open')
  })

  it.each([[[]], [undefined], [null], [{}], ['no']])(
    'refuse a channel for an error without a reason, %j',
    async (payload) => {
      const { deliver, subscribe } = await opened()
      const { channel, id } = await subscribe('1')
      await deliver({ id, type: 'error', payload })
      expect(channel.status.get()).toMatchObject({ name: 'refused', error: { code: 'internal' } })
    },
  )

  it('reject a request that completes without a result', async () => {
    const { deliver, request } = await opened()
    for (const payload of [undefined, {}, null, { data: undefined }]) {
      const { id, outcome } = await request('hello')
      const type = payload === undefined ? 'complete' : 'next'
      await deliver({ id, type, payload })
      expect(outcome.error).toMatchObject({
        code: 'internal',
        message: expect.stringContaining('without a result'),
      })
    }
  })

  it('keep a channel alive whose event has no data, and report its errors', async () => {
    const { deliver, errors, subscribe } = await opened()
    const { channel, events, id } = await subscribe('1')
    const failed = { data: null, errors: [{ message: 'no author' }] }
    await deliver(
      { id, type: 'next', payload: failed },
      { id, type: 'next', payload: { data: { n: 1 } } },
    )
    expect(events).toEqual([{ n: 1 }])
    expect(channel.status.get()).toEqual({ name: 'live' })
    expect(errors).toMatchObject([
      { code: 'internal', detail: { channel: 'messages', details: failed } },
    ])
  })

  it('make events as the application says', async () => {
    const { channels, clock, deliver, sent } = await opened({
      toEvent: (data, channel) => ({ type: `${channel} changed`, payload: data.messages }),
    })
    const seen: unknown[] = []
    channels.subscribe('messages', (payload, { type }) => seen.push(type, payload))
    await clock.advance(1)
    await deliver({ id: sent[0]?.id, type: 'next', payload: { data: { messages: 1 } } })
    expect(seen).toEqual(['messages changed', 1])
  })

  it('report hostile messages, and go on', async () => {
    const { client, deliver, errors, subscribe } = await opened()
    const { events, id } = await subscribe('1')
    const hostile = [
      { id, type: 'next' },
      { id, type: 'next', payload: { data: 'text' } },
      { id, type: 'next', payload: { data: null, errors: 'x' } },
      { id: 7, type: 'next', payload: { data: {} } },
      { type: 'complete' },
      { id, type: '__proto__' },
      { type: 'connection_error' },
      [],
    ]
    await deliver(...hostile)
    expect(errors).toHaveLength(hostile.length)
    expect(errors).toEqual(hostile.map(() => expect.objectContaining({ code: 'bad-frame' })))
    await deliver(JSON.parse(`{"id":"${id}","type":"next","payload":{"data":{"constructor":1}}}`))
    expect(events).toEqual([{ constructor: 1 }])
    expect(client.state.get().name).toBe('open')
  })
})

describe('pings', () => {
  it('of the server are answered with their payload', async () => {
    const { deliver, sent } = await opened()
    await deliver({ type: 'ping', payload: { message: 'keepalive' } }, { type: 'ping' })
    expect(sent).toEqual([{ type: 'pong', payload: { message: 'keepalive' } }, { type: 'pong' }])
  })

  it('of the client show that the server is there, and that it is gone', async () => {
    const { client, clock, pair, sent } = dialled(graphqlWs(), ({ type }, send) => {
      if (type === 'connection_init') send(ack)
      if (type === 'ping' && clock.now() < 60_000) send({ type: 'pong' })
    })
    void client.connect()
    await clock.advance(55_000)
    expect(sent.filter(({ type }) => type === 'ping')).toEqual([{ type: 'ping' }, { type: 'ping' }])
    expect(pair.ends).toHaveLength(1)
    await clock.advance(60_000)
    expect(pair.ends.length).toBeGreaterThan(1)
    client.close()
  })
})

describe('both forms', () => {
  const intents: readonly Intent[] = [
    { kind: 'publish', timestamp: 1, requestId: 'r', channel: 'c', id: 'i', type: 't', payload: 1 },
    { kind: 'auth', timestamp: 1, requestId: 'r', token: 't' },
    { kind: 'presence', timestamp: 1, requestId: 'r', action: 'join', resource: 'a', meta: 1 },
  ]

  it('have no messages for publishing, renewed credentials and presence', () => {
    for (const dialect of [graphqlWs()(), graphqlSse()()]) {
      expect(intents.map((intent) => dialect.encode(intent))).toEqual(intents.map(() => undefined))
    }
  })

  it('differ in their greetings and pings', () => {
    const hello: Intent = {
      ...{ kind: 'hello', timestamp: 1, clientId: 'c', senderId: 's' },
      ...{ token: 't', expectUser: undefined },
    }
    expect(graphqlWs()().encode(hello)).toHaveLength(1)
    expect(graphqlSse()().encode(hello)).toBeUndefined()
    expect(graphqlSse()().encode({ kind: 'ping', timestamp: 1 })).toBeUndefined()
  })

  it('distinguish channels by their variables', () => {
    for (const dialect of [graphqlWs()(), graphqlSse()()]) {
      expect(dialect.channelOf?.('messages', { b: 1, a: 2 })).toBe(
        channelWith('messages', { a: 2, b: 1 }),
      )
    }
  })

  it('refuse options that they do not know', () => {
    expect(() => graphqlWs({ documents: {} } as never)).toThrow(
      /graphqlWs does not know the name documents/,
    )
    expect(() => graphqlSse({ connectionParams: () => ({}) } as never)).toThrow(/graphqlSse/)
  })
})
