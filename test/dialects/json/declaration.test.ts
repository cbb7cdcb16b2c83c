import { describe, expect, it } from 'vitest'
import type { Dialect, Intent } from 'wirefold/dialects'
import { type JsonDeclaration, jsonDialect } from 'wirefold/dialects/json'
import { dialled } from '../../support/dialled.ts'
import { fastapi } from './shapes.ts'

const event = { channel: 'room', type: 'event' }
const reply = { id: 're' }
const when = { type: 'x' }
const subscribe = ({ channel }: { channel: string }) => ({ join: channel })

/** Declarations with a mistake, as an application without types writes them. */
const mistakes: Readonly<Record<string, readonly [declaration: object, message: string]>> = {
  nothing: [{}, 'receive has no rule.'],
  'an empty one': [{ receive: {} }, 'receive has no rule.'],
  'an unknown kind of message': [
    { receive: { evnt: event } },
    'receive does not know the name evnt. Use one of event, reply,',
  ],
  'an unknown function': [
    { receive: { event }, send: { subcribe: subscribe } },
    'send does not know the name subcribe. Use one of hello,',
  ],
  'an event without a channel': [
    { receive: { event: { type: 'event' } } },
    'receive.event needs receive.event.channel.',
  ],
  'a reply without an id': [
    { receive: { reply: { when } } },
    'receive.reply needs receive.reply.id.',
  ],
  'a reply to nothing': [
    { receive: { reply }, send: { request: () => ({}) } },
    'receive.reply needs id in send.',
  ],
  'an id that no message answers': [
    { receive: { event }, send: { request: ({ id }: { id: string }) => ({ id }) } },
    'id in send needs receive.reply or receive.subscribed.id or receive.error.id.',
  ],
  'an error that is not recognised': [
    { receive: { event, error: { code: 'code' } } },
    'receive.error needs receive.error.when.',
  ],
  'an accepted subscribe of no channel': [
    { receive: { event, subscribed: { when } }, send: { subscribe } },
    'receive.subscribed needs receive.subscribed.channel or id in send.subscribe.',
  ],
  'subscribes whose events are not recognised': [
    { receive: { error: { when } }, send: { subscribe } },
    'send.subscribe needs receive.event.',
  ],
  'a hello without a welcome': [
    { receive: { event }, send: { hello: () => ({}) } },
    'send.hello needs receive.welcome.',
  ],
  'a ping without an answer': [
    { receive: { event }, send: { ping: () => ({}) } },
    'send.ping needs receive.pong.',
  ],
  'an answer to no ping': [
    { receive: { event }, send: { pong: () => ({}) } },
    'send.pong needs receive.ping.',
  ],
  'a position that no subscribe carries': [
    { receive: { event: { ...event, offset: 'seq' } }, send: { subscribe } },
    'receive.event.offset needs since in send.subscribe.',
  ],
  'a position that the backend does not return': [
    {
      receive: { event: { ...event, offset: 'seq' } },
      send: { subscribe: ({ since }: { since: unknown }) => ({ since }) },
    },
    'since in send needs receive.subscribed.offset.',
  ],
  'two kinds that are recognised by the same': [
    { receive: { event: { when, ...event }, error: { when } } },
    'all messages of receive.error are also of receive.event, which comes first.',
  ],
  'a kind that a wider one takes': [
    { receive: { error: { when }, event: { when: { ...when, ok: true }, ...event } } },
    'all messages of receive.event are also of receive.error, which comes first.',
  ],
}

describe('a declaration', () => {
  it.each(Object.entries(mistakes))('with %s is refused at once', (_, [declaration, message]) => {
    const made = () => jsonDialect(declaration as JsonDeclaration)
    expect(made).toThrow(message)
    expect(made).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })

  it('of a small backend says what it can do', () => {
    const dialect = jsonDialect({ receive: { event }, send: { subscribe } })()
    expect(dialect).toMatchObject({
      ...{ name: 'json', heartbeat: 'none', fatalCloseCodes: [1008, 4403], protocols: [] },
      capabilities: { acks: false, recovery: false, presence: false, dedupes: false },
    })
    expect(dialect.channelOf).toBeUndefined()
    expect(dialect.snapshots).toBeUndefined()
    expect(dialect.url('ws://h/p?a=1', { token: 't' })).toBe('ws://h/p?a=1&token=t')
  })

  it('of a large one, too', () => {
    expect(fastapi()).toMatchObject({
      ...{ name: 'json', heartbeat: 'ping' },
      capabilities: { acks: true, recovery: true },
    })
  })

  it('says where the token is', () => {
    const address = (declaration: Partial<JsonDeclaration>) =>
      jsonDialect({ receive: { event }, ...declaration })().url('ws://h/', { token: 't' })
    const receive = { event, welcome: { when: 'hello' } }
    const send = { hello: () => ({}) }
    expect(address({})).toBe('ws://h/?token=t')
    expect(address({ token: 'access_token' })).toBe('ws://h/?access_token=t')
    expect(address({ token: false })).toBe('ws://h/')
    expect(address({ receive, send })).toBe('ws://h/')
    expect(address({ receive, send, token: 'key' })).toBe('ws://h/?key=t')
  })

  it('passes on close codes and snapshots', () => {
    const options = { fatalCloseCodes: [4001], snapshots: ['state'] }
    expect(jsonDialect({ receive: { event }, ...options })()).toMatchObject(options)
  })

  it('whose subscribe uses parameters lets channels take them', () => {
    const dialect = jsonDialect({
      receive: { event },
      send: { subscribe: ({ channel, params }) => ({ join: channel, params }) },
    })()
    expect(dialect.channelOf?.('room', { a: 1 })).toBe('room')
    const since = new Map<string, never>()
    expect(
      dialect.encode({ ...{ kind: 'subscribe', ...at, since }, channels: ['room'], params: 7 }),
    ).toMatchObject([{ wire: { join: 'room', params: 7 }, keys: [], channels: ['room'] }])
  })

  it('without a subscribe is of a backend that sends events unasked', () => {
    const dialect = jsonDialect({ receive: { event } })()
    const since = new Map<string, never>()
    expect(dialect.encode({ kind: 'subscribe', ...at, channels: ['room'], since })).toEqual([])
    expect(dialect.encode({ kind: 'unsubscribe', ...at, channels: ['room'] })).toEqual([])
    expect(dialect.encode(request('double', 1))).toBeUndefined()
  })

  it('may have no message for some calls', () => {
    const dialect = jsonDialect({
      receive: { event },
      send: { request: ({ type }) => (type === 'say' ? { type } : undefined) },
    })()
    expect(dialect.encode(request('say', 1))).toEqual([{ wire: { type: 'say' }, keys: [] }])
    expect(dialect.encode(request('sing', 1))).toBeUndefined()
  })

  it('whose function needs a real payload is accepted', () => {
    const make = () =>
      jsonDialect<Fields>({
        receive: { event, reply },
        send: {
          request: ({ id, payload }) => {
            if (!Array.isArray(payload)) throw new TypeError('no list')
            return { id, list: payload }
          },
        },
      })
    expect(make()().encode(request('x', [1]))).toEqual([
      { wire: { id: 'r', list: [1] }, keys: ['r'] },
    ])
  })

  it('sees ids, parameters and positions behind any use of payload and parameters', async () => {
    const receive = {
      event: { ...event, offset: 'seq' },
      reply,
      subscribed: { when: { type: 'joined' }, id: 're', channel: 'room', offset: 'seq' },
    }
    const dialect = jsonDialect<Fields>({
      receive,
      send: {
        request: (call) => ({
          title: Object(call.payload).task.title.trim(),
          list: [...Object(call.payload).list].map((one) => one + 1),
          id: call.id,
        }),
        subscribe: (call) => ({
          part: call.channel.split(':')[1]?.toUpperCase(),
          filter: Object(call.params).filter.name,
          after: call.since?.offset,
          n: call.number,
        }),
      },
    })()
    const payload = { task: { title: ' x ' }, list: [1] }
    expect(dialect.encode(request('x', payload))).toEqual([
      { wire: { title: 'x', list: [2], id: 'r' }, keys: ['r'] },
    ])
    expect(dialect.capabilities).toMatchObject({ acks: true, recovery: true })
    const params = { filter: { name: 'f' } }
    expect(dialect.channelOf?.('a:b', params)).toBe('a:b')
    const since = new Map([['a:b', { epoch: '', offset: 7 }]])
    const subscribe = { kind: 'subscribe', ...at, channels: ['a:b'], since, params } as const
    expect(dialect.encode(subscribe)).toEqual([
      {
        wire: { part: 'B', filter: 'f', after: 7, n: 2 },
        keys: ['2', 'subscribe a:b'],
        channels: ['a:b'],
      },
    ])
  })

  it('waits for the reply to a message that carries an id, and for no other one', () => {
    const { encode } = jsonDialect<Fields>({
      receive: { event, reply },
      send: {
        request: (call) => (call.type === 'notify' ? { op: 'n' } : { op: call.type, id: call.id }),
      },
    })()
    expect(encode(request('notify', 1))).toEqual([{ wire: { op: 'n' }, keys: [] }])
    expect(encode(request('ask', 1))).toEqual([{ wire: { op: 'ask', id: 'r' }, keys: ['r'] }])
  })

  it('whose function never comes to an end without a real payload is accepted', () => {
    const { encode } = jsonDialect<Fields>({
      receive: { event, reply },
      send: {
        request({ id, payload }) {
          let node = Object(payload)
          while (node.next) node = node.next
          return { id, last: node.value }
        },
      },
    })()
    expect(encode(request('x', { next: { value: 7 } }))).toEqual([
      { wire: { id: 'r', last: 7 }, keys: ['r'] },
    ])
  })

  it('answers the notice of expiring credentials with renewed ones', async () => {
    const { client, clock, deliver, sent } = dialled(
      jsonDialect({
        receive: { event, expiring: { when: { type: 'expiring' } } },
        send: { auth: ({ token }) => ({ auth: token }) },
      }),
      undefined,
      { auth: () => 'new' },
    )
    void client.connect()
    await clock.advance(0)
    await deliver({ type: 'expiring' })
    expect(sent).toEqual([{ auth: 'new' }])
    client.close()
  })
})

type Fields = Readonly<Record<string, unknown>>
const at = { timestamp: 1, requestId: 'r' }
const request = (type: string, payload: unknown): Intent => ({
  ...{ kind: 'request', ...at, type, payload, channel: undefined },
})

/** Returns the kinds of the frames of a message, or the reason of a notice. */
function read(dialect: Dialect, wire: unknown): readonly string[] {
  return [dialect.decode(wire) ?? []]
    .flat()
    .map((frame) => (frame.kind === 'notice' ? `${frame.level}: ${frame.reason}` : frame.kind))
}

describe('a message', () => {
  it('is recognised by the first rule, those with `when` before the others', () => {
    const dialect = jsonDialect({
      receive: {
        reply,
        event: { channel: 'room', type: 'type' },
        error: { when: 'error', id: 're' },
        ignored: { when: { type: ['typing', 'debug'] } },
        pong: { when: (message) => message.type === 'pong' },
      },
      send: { request: ({ id }) => ({ id }), ping: () => ({}) },
    })()
    expect(read(dialect, { re: 1, data: 7 })).toEqual(['reply'])
    expect(read(dialect, { re: 1, error: 'full' })).toEqual(['refusal'])
    // A backend that sends every field has not failed where the error is null or false.
    expect(read(dialect, { re: 1, error: null })).toEqual(['reply'])
    expect(read(dialect, { re: 1, error: false })).toEqual(['reply'])
    expect(read(dialect, { room: 'a', type: 'said', re: 1 })).toEqual(['event'])
    expect(read(dialect, { room: 'a', type: 'typing' })).toEqual([
      'ignored: it is declared as ignored',
    ])
    expect(read(dialect, { type: 'pong' })).toEqual(['pong'])
    expect(read(dialect, { hello: 1 })).toEqual(['malformed: no rule of receive recognises it'])
  })

  it('is read by paths into objects and arrays, and by own fields only', () => {
    const dialect = jsonDialect({
      receive: { event: { channel: '1.at', type: '0', payload: '1.items.0' } },
    })()
    expect(dialect.decode(['said', { at: 'room', items: ['hi'] }])).toMatchObject({
      ...{ kind: 'event', channel: 'room', type: 'said', payload: 'hi' },
    })
    expect(read(dialect, ['said', []])).toEqual(['malformed: no rule of receive recognises it'])
  })

  it('of which a function throws is malformed; a condition that throws does not hold', () => {
    const dialect = jsonDialect<{ data: { kind: string; at: { room: string } } }>({
      receive: {
        error: { when: ({ data }) => data.kind === 'error' },
        event: { when: 'data', channel: ({ data }) => data.at.room, type: 'data.kind' },
        ignored: { when: { noise: true } },
      },
    })()
    expect(read(dialect, { noise: true })).toEqual(['ignored: it is declared as ignored'])
    expect(read(dialect, { data: { kind: 'said', at: { room: 'a' } } })).toEqual(['event'])
    expect(read(dialect, { data: { kind: 'said' } })).toEqual([
      "malformed: as receive.event: Cannot read properties of undefined (reading 'room')",
    ])
    expect(read(dialect, { data: { kind: 'said', at: { room: '' } } })).toEqual([
      'malformed: as receive.event: it has no channel',
    ])
  })

  it('without a needed field is reported, and delivered to no handler', async () => {
    const { client, channels, clock, deliver, errors } = dialled(
      jsonDialect({ receive: { event: { when: { type: 'event' }, ...event } } }),
    )
    const seen: unknown[] = []
    channels.subscribe('a', (payload) => seen.push(payload))
    void client.connect()
    await clock.advance(0)
    await deliver({ type: 'event', room: 'a' }, { type: 'event', room: 'a', event: 'x' })
    expect(seen).toHaveLength(1)
    expect(errors).toMatchObject([
      { code: 'bad-frame', detail: { reason: 'as receive.event: it has no type' } },
    ])
    client.close()
  })

  it.each([
    [{ type: 'error', id: 'r', channel: 'a' }, ['refusal']],
    [{ type: 'error', channel: 'a' }, ['refusal', 'unsubscribed']],
    [{ type: 'error' }, ['refusal']],
    [{ type: 'error', id: {}, channel: [], code: 1 }, ['refusal']],
    [{ type: 'subscribed' }, ['malformed: as receive.subscribed: it has no id and no channel']],
    [{ type: 'subscribed', channel: 'a', seq: -1, epoch: {} }, ['subscribed']],
    [
      { type: 'event', channel: null, event: 'x' },
      ['malformed: as receive.event: it has no channel'],
    ],
    [{ type: 'event', channel: 'a', event: 'x', seq: 1e99, key: 'x'.repeat(999) }, ['event']],
    [{ type: 'result', id: null }, ['malformed: as receive.reply: it has no id']],
    [{ type: '__proto__', channel: 'a' }, ['malformed: no rule of receive recognises it']],
  ])('that is odd, %j, makes %j', (wire, kinds) => {
    expect(read(fastapi(), wire)).toEqual(kinds)
  })

  it('that answers a subscribe says whether events are missing', () => {
    expect(
      fastapi().decode({ type: 'subscribed', channel: 'a', seq: 7, epoch: 'e', gap: true }),
    ).toMatchObject({
      ...{ to: ['subscribe a'], gaps: ['a'] },
      at: new Map([['a', { epoch: 'e', offset: 7 }]]),
    })
  })
})
