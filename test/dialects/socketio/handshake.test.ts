import { describe, expect, it } from 'vitest'
import type { Intent } from 'wirefold/dialects'
import { sessions, withAcks } from 'wirefold/dialects/socketio'
import { withHandshake } from '../../../src/dialects/socketio/handshake.ts'

const at = { timestamp: 1_700_000_000_000, requestId: 'r' }

describe('the handshake and the heartbeat of Engine.IO', () => {
  const dialect = withHandshake(sessions)()
  const encode = (intent: Intent) => dialect.encode(intent)
  const decode = (wire: unknown) => dialect.decode(wire)

  it('connects with its token, if it has one', () => {
    const hello = { kind: 'hello', ...at, clientId: 'c', senderId: 's', expectUser: 'u' } as const
    expect(encode({ ...hello, token: undefined })).toEqual([{ wire: ['connect'], keys: [] }])
    expect(encode({ ...hello, token: 't' })).toEqual([
      { wire: ['connect', { token: 't' }], keys: [] },
    ])
  })

  it('replies to pings, and sends none itself', () => {
    expect(encode({ kind: 'pong', timestamp: undefined, sentAt: 1 })).toEqual([
      { wire: 3, keys: [] },
    ])
    expect(encode({ kind: 'ping', timestamp: 1 })).toBeUndefined()
  })

  it('decodes the handshake as the welcome, with the data of Engine.IO', () => {
    const engine = { pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 }
    expect(decode(['connect', { sid: 'x' }, engine])).toMatchObject({
      kind: 'welcome',
      connectionId: 'x',
      heartbeatMs: 45_000,
      limits: { frameBytes: 1_000_000 },
    })
    expect(decode(['connect', { sid: 'x' }])).toMatchObject({
      kind: 'welcome',
      connectionId: 'x',
      heartbeatMs: undefined,
      limits: { frameBytes: undefined },
    })
  })

  it('decodes a ping', () => {
    expect(decode(2)).toEqual({ kind: 'ping', timestamp: undefined })
  })

  it('passes all other messages to the event dialect', () => {
    const { decode, encode, url, heartbeat, ...rest } = dialect
    expect(sessions()).toMatchObject(rest)
    for (const wire of [['progress', { sessionId: 's' }], ['connected'], [2], 3, null]) {
      expect(decode(wire)).toEqual(sessions().decode(wire))
    }
    const intent: Intent = { kind: 'unsubscribe', ...at, channels: ['session:a'] }
    expect(encode(intent)).toEqual(sessions().encode(intent))
  })
})

describe('requests with acknowledgements', () => {
  const encode = (intent: Intent, dialect = withAcks(sessions)()) => dialect.encode(intent)
  const decode = (wire: unknown) => withAcks(sessions)().decode(wire)

  it('are numbered from 0 on every connection', () => {
    const request = { kind: 'request', ...at, type: 'save', channel: undefined } as const
    const dialect = withAcks(sessions)()
    expect(encode({ ...request, payload: { a: 1 } }, dialect)).toEqual([
      { wire: [0, 'save', { a: 1 }], keys: ['ack:0'] },
    ])
    expect(encode({ ...request, payload: undefined }, dialect)).toEqual([
      { wire: [1, 'save'], keys: ['ack:1'] },
    ])
    expect(encode({ ...request, payload: null })).toEqual([
      { wire: [0, 'save', null], keys: ['ack:0'] },
    ])
  })

  it('cannot have the names of reserved Socket.IO events', () => {
    const request = { kind: 'request', ...at, channel: undefined, payload: 1 } as const
    for (const type of ['connect', 'connect_error', 'disconnect', 'disconnecting']) {
      expect(encode({ ...request, type })).toBeUndefined()
    }
    for (const type of ['newListener', 'removeListener']) {
      expect(encode({ ...request, type })).toBeUndefined()
    }
  })

  it('are answered by the acknowledgement with their number', () => {
    expect(decode([7, { ok: true }])).toEqual({
      kind: 'reply',
      to: ['ack:7'],
      payload: { ok: true },
      at: undefined,
    })
    expect(decode([7])).toMatchObject({ to: ['ack:7'], payload: undefined })
  })

  it('leave all other messages to the event dialect', () => {
    for (const wire of [['progress', { sessionId: 's' }], [], [null], 3, null]) {
      expect(decode(wire)).toEqual(sessions().decode(wire))
    }
    const intent: Intent = { kind: 'unsubscribe', ...at, channels: ['session:a'] }
    expect(encode(intent)).toEqual(sessions().encode(intent))
  })
})
