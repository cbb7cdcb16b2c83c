import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { Position } from 'wirefold'
import { native } from 'wirefold'
import type { Intent } from 'wirefold/dialects'
import { nativeServer } from 'wirefold/server'
import { isOwnType } from '../../../src/protocol/reserved-types.ts'
import type { ServerFrame } from '../../../src/protocol/server-frame.ts'
import { serverFrames, timestamp } from './golden.ts'

const client = native()
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Decodes an intent of the client on the server. */
function received(intent: Intent): unknown {
  const messages = client.encode(intent)?.map(({ wire }) => wire)
  return nativeServer.decode(overTheWire(messages))
}

/** Decodes a frame of the server on the client. */
function decoded(frame: ServerFrame): unknown {
  return client.decode(JSON.parse(String(nativeServer.encode(frame, timestamp))))
}

const position = fc.record({ epoch: fc.string(), offset: fc.nat() })
// The client's codec removes `__proto__` from all objects, so the comparison omits it.
const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__')
const positions = fc
  .array(fc.tuple(name, position))
  .map((entries) => new Map<string, Position>(entries))
const ownType = fc.string({ minLength: 1, maxLength: 128 }).filter(isOwnType)
const json = fc.jsonValue()

describe('an intent that the client encodes', () => {
  it('is decoded as a greeting', () => {
    const greeting = { clientId: 'c', senderId: 's', token: 't', expectUser: 'u' }
    expect(received({ kind: 'hello', timestamp, ...greeting })).toEqual([
      { kind: 'hello', protocol: 1, ...greeting, parts: true },
    ])
  })

  test.prop([fc.uniqueArray(name, { minLength: 1 }), positions, fc.option(json)])(
    'is decoded as a subscribe',
    (fresh, since, given) => {
      const params = given ?? undefined
      const channels = [...new Set([...fresh, ...since.keys()])]
      const [command] = received({
        kind: 'subscribe',
        timestamp,
        requestId: 'r',
        channels,
        since,
        params,
      }) as [{ channels: string[]; since: Map<string, Position>; params: unknown }]
      expect(command).toMatchObject({ kind: 'subscribe', requestId: 'r' })
      expect([command.params ?? null]).toEqual(overTheWire([params ?? null]))
      expect([...command.channels].sort()).toEqual([...channels].sort())
      expect(command.since).toEqual(since)
    },
  )

  it('is decoded as an unsubscribe', () => {
    const intent = { kind: 'unsubscribe', requestId: 'r', channels: ['a', 'b'] } as const
    expect(received({ ...intent, timestamp })).toEqual([intent])
  })

  test.prop([fc.constantFrom('join', 'update', 'leave', 'heartbeat'), json])(
    'is decoded as a presence command',
    (action, meta) => {
      const intent = { kind: 'presence', requestId: 'r', action, resource: 'a/b:c', meta } as const
      const channel = 'presence:a/b:c'
      expect(received({ ...intent, timestamp })).toEqual([
        { kind: 'presence', requestId: 'r', action, channel, meta: overTheWire(meta) },
      ])
    },
  )

  test.prop([ownType, json])('is decoded as a request', (type, payload) => {
    const intent = { kind: 'request', requestId: 'r', type, channel: 'a', payload } as const
    expect(received({ ...intent, timestamp })).toEqual([overTheWire(intent)])
    const named = { ...intent, id: 'e' }
    expect(received({ ...named, timestamp })).toEqual([overTheWire(named)])
  })

  test.prop([ownType, json])('is decoded as a publish', (type, payload) => {
    const intent = {
      kind: 'publish',
      requestId: 'r',
      channel: 'a',
      id: 'e',
      type,
      payload,
    } as const
    expect(received({ ...intent, timestamp })).toEqual([overTheWire(intent)])
  })

  it('is decoded as a ping or a pong', () => {
    expect(received({ kind: 'ping', timestamp })).toEqual([{ kind: 'ping', timestamp }])
    expect(received({ kind: 'pong', timestamp, sentAt: timestamp })).toEqual([{ kind: 'pong' }])
  })
})

describe('a frame that the server encodes', () => {
  it.each(serverFrames)('is decoded as the same $kind', (frame) => {
    // Both of these are for dialects whose replies name what they answer.
    const { type: _type, channels: _channels, ...sent } = { type: '', channels: [], ...frame }
    expect(decoded(frame)).toEqual(sent)
  })

  it('for an unsubscribe is decoded as its reply', () => {
    const answer = { kind: 'reply', to: ['r'], payload: undefined, at: undefined }
    expect(decoded({ kind: 'released', to: ['r'], channels: ['a'] })).toEqual(answer)
  })

  test.prop([ownType, fc.option(json, { nil: undefined }), fc.option(name, { nil: undefined })])(
    'is decoded as the same event',
    (type, payload, via) => {
      const event = { channel: 'a', type, id: 'e', offset: 7, via, timestamp }
      const text = nativeServer.encodeEvent({ ...event, json: JSON.stringify(payload) })
      expect(client.decode(JSON.parse(text ?? ''))).toEqual({
        kind: 'event',
        ...event,
        payload: payload === undefined ? undefined : overTheWire(payload),
        prev: undefined,
      })
    },
  )

  it('can contain channels named like properties of Object.prototype', () => {
    const at = new Map([['__proto__', { epoch: 'e', offset: 1 }]])
    const frame = {
      kind: 'subscribed',
      to: ['r'],
      at,
      refused: new Map(),
      gaps: [],
      channels: [],
    } as const
    expect(nativeServer.encode(frame, timestamp)).toContain('{"__proto__":["e",1]}')
  })
})

describe('the server side of the native dialect', () => {
  test.prop([json])('never throws on any message', (wire) => {
    for (const command of nativeServer.decode(wire)) expect(command.kind).toBeTypeOf('string')
  })

  it.each([7, '', 'x'.repeat(129), '\ud800'])('rejects a request with the event id %j', (id) => {
    const wire = { type: 'task:create', requestId: 'r', id }
    const reason = 'an id is 1 to 128 characters, without half a surrogate pair'
    expect(nativeServer.decode(wire)).toEqual([{ kind: 'malformed', reason, requestId: 'r' }])
  })

  it.each<[string, object]>([
    ['request', { type: 'a\ud800', requestId: 'r' }],
    ['publish', { type: 'publish', requestId: 'r', channel: 'c', payload: { type: '\udc00' } }],
    ['request id', { type: 'echo', requestId: '\ud800' }],
    ['client id', { type: 'hello', payload: { clientId: '\ud800' } }],
    ['sender id', { type: 'hello', payload: { senderId: '\ud800\ud800' } }],
  ])('rejects a %s with half a surrogate pair, and takes a whole one', (_, wire) => {
    const whole: unknown = JSON.parse(JSON.stringify(wire).replaceAll(/(\\ud[8c]00)+/g, '😀'))
    expect(nativeServer.decode(wire)).toMatchObject([{ kind: 'malformed' }])
    expect(nativeServer.decode(whole)).not.toMatchObject([{ kind: 'malformed' }])
  })

  it.each(['subscribe', 'error', 'auth:expiring', '', 'a\ud800'])(
    'reserves the type %j',
    (type) => {
      expect(isOwnType(type)).toBe(false)
    },
  )
})
