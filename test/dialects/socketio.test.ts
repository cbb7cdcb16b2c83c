import { describe, expect, it } from 'vitest'
import { sessionChannel, socketio } from '../../src/dialects/socketio-door.ts'
import type { EventFrame, Intent } from '../../src/index.ts'
import { connectionRules } from '../support/connection-rules.ts'

const at = { timestamp: 1_700_000_000_000, requestId: 'r' }
const said = (intent: Intent, dialect = socketio()) => dialect.encode(intent)
const heard = (wire: unknown) => socketio().decode(wire)

const event = (fields: Partial<EventFrame>): EventFrame => ({
  kind: 'event',
  channel: 'session:s',
  type: 'progress',
  payload: undefined,
  id: undefined,
  offset: undefined,
  prev: undefined,
  via: undefined,
  timestamp: undefined,
  ...fields,
})

describe('what the Socket.IO dialect says', () => {
  it('subscribes and unsubscribes one session per message, and knows each answer by its session', () => {
    const channels = [sessionChannel('a'), sessionChannel('b')]
    expect(said({ kind: 'subscribe', ...at, channels, since: new Map() })).toEqual([
      { wire: ['subscribe', 'a'], keys: ['subscribe:a'], channels: ['session:a'] },
      { wire: ['subscribe', 'b'], keys: ['subscribe:b'], channels: ['session:b'] },
    ])
    expect(said({ kind: 'unsubscribe', ...at, channels })).toEqual([
      { wire: ['unsubscribe', 'a'], keys: ['unsubscribe:a'], channels: ['session:a'] },
      { wire: ['unsubscribe', 'b'], keys: ['unsubscribe:b'], channels: ['session:b'] },
    ])
  })

  it('says nothing for channels that are no sessions', () => {
    const channels = ['socket', 'session:a']
    expect(said({ kind: 'subscribe', ...at, channels, since: new Map() })).toHaveLength(1)
    expect(said({ kind: 'subscribe', ...at, channels: ['socket'], since: new Map() })).toEqual([])
  })

  it('greets with its token, where it has one', () => {
    const hello = { kind: 'hello', ...at, clientId: 'c', senderId: 's', expectUser: 'u' } as const
    expect(said({ ...hello, token: undefined })).toEqual([{ wire: ['connect'], keys: [] }])
    expect(said({ ...hello, token: 't' })).toEqual([
      { wire: ['connect', { token: 't' }], keys: [] },
    ])
  })

  it('numbers its requests, from 0 on every socket', () => {
    const request = { kind: 'request', ...at, type: 'save', channel: undefined } as const
    const dialect = socketio()
    expect(said({ ...request, payload: { a: 1 } }, dialect)).toEqual([
      { wire: [0, 'save', { a: 1 }], keys: ['ack:0'] },
    ])
    expect(said({ ...request, payload: undefined }, dialect)).toEqual([
      { wire: [1, 'save'], keys: ['ack:1'] },
    ])
    expect(said({ ...request, payload: null })).toEqual([
      { wire: [0, 'save', null], keys: ['ack:0'] },
    ])
  })

  it('has no word for events that Socket.IO keeps to itself', () => {
    const request = { kind: 'request', ...at, channel: undefined, payload: 1 } as const
    for (const type of ['connect', 'connect_error', 'disconnect', 'disconnecting']) {
      expect(said({ ...request, type })).toBeUndefined()
    }
    for (const type of ['newListener', 'removeListener']) {
      expect(said({ ...request, type })).toBeUndefined()
    }
  })

  it('answers a ping, and asks for none itself', () => {
    expect(said({ kind: 'pong', timestamp: undefined })).toEqual([{ wire: 3, keys: [] }])
    expect(said({ kind: 'ping', timestamp: 1 })).toBeUndefined()
  })

  it('has no word for publishing, presence, and renewed credentials', () => {
    const channel = 'session:a'
    const type = 'x'
    expect(said({ kind: 'publish', ...at, channel, id: 'i', type, payload: 1 })).toBeUndefined()
    expect(said({ kind: 'auth', ...at, token: 't' })).toBeUndefined()
    expect(
      said({ kind: 'presence', ...at, action: 'join', resource: 'r', meta: 1 }),
    ).toBeUndefined()
  })
})

describe('what the Socket.IO dialect hears', () => {
  it('takes the events of a session for events of its channel, the raw timestamp kept', () => {
    for (const type of ['progress', 'model_result', 'clarification', 'completed', 'update']) {
      const payload = { sessionId: 's', timestamp: '2025-11-08T10:00:02.326Z' }
      expect(heard([type, payload])).toEqual(event({ type, payload, timestamp: 1_762_596_002_326 }))
    }
  })

  it.each([
    ['2025-11-08T11:00:00+01:00', 1_762_596_000_000],
    [1_762_596_000_000, 1_762_596_000_000],
    ['yesterday', undefined],
    ['', undefined],
    [null, undefined],
    [{}, undefined],
  ])('reads the moment %j as %j', (timestamp, ms) => {
    expect(heard(['progress', { sessionId: 's', timestamp }])).toMatchObject({ timestamp: ms })
  })

  it('takes any status', () => {
    const payload = { sessionId: 's', status: 'SUSPENDED' }
    expect(heard(['progress', payload])).toEqual(event({ payload }))
  })

  it('takes what is of no session for an event of the socket', () => {
    const payload = { socketId: 'x', timestamp: '2025-11-08T10:00:00.845Z' }
    expect(heard(['connected', payload])).toEqual(
      event({ channel: 'socket', type: 'connected', payload, timestamp: 1_762_596_000_845 }),
    )
    expect(heard(['news', 'hello'])).toEqual(
      event({ channel: 'socket', type: 'news', payload: 'hello' }),
    )
    expect(heard(['nothing'])).toEqual(event({ channel: 'socket', type: 'nothing' }))
  })

  it('takes subscribed and unsubscribed for answers', () => {
    const payload = { sessionId: 's', timestamp: '2025-11-08T10:00:01.690Z' }
    expect(heard(['subscribed', payload])).toEqual({
      ...{ kind: 'subscribed', to: ['subscribe:s'], gaps: [] },
      ...{ at: new Map(), refused: new Map() },
    })
    expect(heard(['unsubscribed', payload])).toEqual({
      ...{ kind: 'reply', to: ['unsubscribe:s'], payload, at: undefined },
    })
  })

  it('takes an error of a session for an event, and for a no to whoever just asked for it', () => {
    const payload = { sessionId: 's', error: 'There is no such session.' }
    expect(heard(['error', payload])).toEqual([
      event({ type: 'error', payload }),
      {
        kind: 'refusal',
        to: ['subscribe:s'],
        error: { code: 'session-error', message: payload.error, retryable: false },
      },
    ])
  })

  it('takes the handshake for the welcome, with what Engine.IO said of itself', () => {
    const engine = { pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 }
    expect(heard(['connect', { sid: 'x' }, engine])).toMatchObject({
      kind: 'welcome',
      connectionId: 'x',
      heartbeatMs: 45_000,
      limits: { frameBytes: 1_000_000 },
    })
    expect(heard(['connect', { sid: 'x' }])).toMatchObject({
      kind: 'welcome',
      connectionId: 'x',
      heartbeatMs: undefined,
      limits: { frameBytes: undefined },
    })
  })

  it('takes an acknowledgement for the answer to its request', () => {
    expect(heard([7, { ok: true }])).toEqual({
      kind: 'reply',
      to: ['ack:7'],
      payload: { ok: true },
      at: undefined,
    })
    expect(heard([7])).toMatchObject({ to: ['ack:7'], payload: undefined })
  })

  it('takes a ping for one', () => {
    expect(heard(2)).toEqual({ kind: 'ping', timestamp: undefined })
  })

  it.each([
    ['no packet', [undefined, null, 3, 'x', {}, true]],
    ['no name', [[], [null], [{}], [[]]]],
    [
      'no session',
      [
        ...['progress', 'model_result', 'clarification', 'completed'].map((name) => [name, {}]),
        ...[['subscribed'], ['unsubscribed', { sessionId: 1 }], ['progress', null]],
      ],
    ],
  ])('finds %s malformed', (_, wires: readonly unknown[]) => {
    for (const wire of wires) {
      expect(heard(wire)).toMatchObject({ kind: 'notice', level: 'malformed', wire })
    }
  })
})

describe('the numbers of Socket.IO', () => {
  it('are five attempts after 1, 2, 4, 5 and 5 s without chance, 20 s each', async () => {
    expect(await connectionRules(socketio)).toEqual({
      waitsMs: [1_000, 2_000, 4_000, 5_000, 5_000],
      patienceMs: 20_000,
      ends: 'failed',
    })
  })

  it('give way to those of the application', async () => {
    const options = { connectTimeoutMs: 3_000, backoff: { maxAttempts: 2 } }
    expect(await connectionRules(socketio, options)).toEqual({
      waitsMs: [1_000, 2_000],
      patienceMs: 3_000,
      ends: 'failed',
    })
  })
})
