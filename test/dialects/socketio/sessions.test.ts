import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventFrame } from 'wirefold'
import type { Intent } from 'wirefold/dialects'
import { sessionChannel, sessions } from 'wirefold/dialects/socketio'
import { eventFrame } from '../../context/event-frames.ts'
import { connectionRules } from '../../support/connection-rules.ts'

const at = { timestamp: 1_700_000_000_000, requestId: 'r' }
const encode = (intent: Intent) => sessions().encode(intent)
const decode = (wire: unknown) => sessions().decode(wire)

const event = ({ payload, ...fields }: Partial<EventFrame>): EventFrame =>
  eventFrame(payload, { channel: 'session:s', type: 'progress', ...fields })

describe('the dialect of sessions, encoding', () => {
  it('subscribes and unsubscribes one session per message, and matches replies by session', () => {
    const channels = [sessionChannel('a'), sessionChannel('b')]
    expect(encode({ kind: 'subscribe', ...at, channels, since: new Map() })).toEqual([
      { wire: ['subscribe', 'a'], keys: ['subscribed:a'], channels: ['session:a'] },
      { wire: ['subscribe', 'b'], keys: ['subscribed:b'], channels: ['session:b'] },
    ])
    expect(encode({ kind: 'unsubscribe', ...at, channels })).toEqual([
      { wire: ['unsubscribe', 'a'], keys: ['unsubscribed:a'], channels: ['session:a'] },
      { wire: ['unsubscribe', 'b'], keys: ['unsubscribed:b'], channels: ['session:b'] },
    ])
  })

  it('sends nothing for channels that are not sessions', () => {
    const channels = ['socket', 'session:a']
    expect(encode({ kind: 'subscribe', ...at, channels, since: new Map() })).toHaveLength(1)
    expect(encode({ kind: 'subscribe', ...at, channels: ['socket'], since: new Map() })).toEqual([])
  })

  it('supports no other intents', () => {
    const channel = 'session:a'
    const type = 'x'
    const who = { clientId: 'c', senderId: 's', expectUser: undefined, token: 't' }
    expect(encode({ kind: 'hello', ...at, ...who })).toBeUndefined()
    expect(encode({ kind: 'request', ...at, type, channel, payload: 1 })).toBeUndefined()
    expect(encode({ kind: 'ping', timestamp: 1 })).toBeUndefined()
    expect(encode({ kind: 'pong', timestamp: 1, sentAt: 1 })).toBeUndefined()
    expect(encode({ kind: 'publish', ...at, channel, id: 'i', type, payload: 1 })).toBeUndefined()
    expect(encode({ kind: 'auth', ...at, token: 't' })).toBeUndefined()
    expect(
      encode({ kind: 'presence', ...at, action: 'join', resource: 'r', meta: 1 }),
    ).toBeUndefined()
  })
})

describe('the dialect of sessions, decoding', () => {
  it('decodes session events as events of their channel, with the raw timestamp', () => {
    for (const type of ['progress', 'model_result', 'clarification', 'completed', 'update']) {
      const payload = { sessionId: 's', timestamp: '2025-11-08T10:00:02.326Z' }
      expect(decode([type, payload])).toEqual(
        event({ type, payload, timestamp: 1_762_596_002_326 }),
      )
    }
  })

  it('reads a timestamp of any time zone', () => {
    const payload = { sessionId: 's', timestamp: '2025-11-08T11:00:00+01:00' }
    expect(decode(['progress', payload])).toEqual(event({ payload, timestamp: 1_762_596_000_000 }))
  })

  it.each([1_762_596_000_000, 'yesterday', '', null, {}, undefined])(
    'delivers a session event with the timestamp %j, and reports it as malformed',
    (timestamp) => {
      const payload = { sessionId: 's', timestamp }
      const wire = ['progress', payload]
      expect(decode(wire)).toEqual([
        event({ payload }),
        { kind: 'notice', level: 'malformed', reason: 'its timestamp is no date', wire },
      ])
    },
  )

  it('accepts any status', () => {
    const payload = { sessionId: 's', status: 'SUSPENDED', timestamp: '2025-11-08T10:00:00Z' }
    expect(decode(['progress', payload])).toEqual(event({ payload, timestamp: 1_762_596_000_000 }))
  })

  it('decodes an event without a session as one of the channel socket', () => {
    const payload = { socketId: 'x', timestamp: '2025-11-08T10:00:00.845Z' }
    expect(decode(['connected', payload])).toEqual(
      event({ channel: 'socket', type: 'connected', payload, timestamp: 1_762_596_000_845 }),
    )
    expect(decode(['news', 'hello'])).toEqual(
      event({ channel: 'socket', type: 'news', payload: 'hello' }),
    )
    expect(decode(['nothing'])).toEqual(event({ channel: 'socket', type: 'nothing' }))
  })

  it('decodes subscribed and unsubscribed as replies', () => {
    const payload = { sessionId: 's', timestamp: '2025-11-08T10:00:01.690Z' }
    for (const verb of ['subscribed', 'unsubscribed']) {
      expect(decode([verb, payload])).toEqual({
        ...{ kind: 'reply', to: [`${verb}:s`], payload, at: undefined },
      })
    }
  })

  it('decodes a session error as an event, and as the refusal of a pending subscribe', () => {
    const timestamp = '2025-11-08T10:00:00Z'
    const payload = { sessionId: 's', error: 'There is no such session.', timestamp }
    expect(decode(['error', payload])).toEqual([
      event({ type: 'error', payload, timestamp: 1_762_596_000_000 }),
      {
        kind: 'refusal',
        to: ['subscribed:s'],
        error: { code: 'session-error', message: payload.error, retryable: false },
      },
    ])
  })

  it('decodes anything but an event as malformed', () => {
    const odd = [undefined, null, 2, 3, 'x', {}, true, [], [null], [7], [{}], [[]]]
    for (const wire of odd) {
      expect(decode(wire)).toMatchObject({ kind: 'notice', level: 'malformed', wire })
    }
  })

  it('decodes events with a missing or odd session id', () => {
    for (const sessionId of [undefined, null, 1, {}, { toString: 1 }]) {
      for (const type of ['progress', 'error']) {
        expect([decode([type, { sessionId }])].flat()[0]).toMatchObject({ channel: 'socket', type })
      }
      expect(decode(['subscribed', { sessionId }])).toMatchObject({ kind: 'reply' })
    }
  })
})

describe('the presets of the dialect of sessions', () => {
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
  })
  afterEach(() => vi.restoreAllMocks())

  it('are five attempts after 1, 2, 4, 5 and 5 s without jitter, 20 s each', async () => {
    expect(await connectionRules(sessions)).toEqual({
      waitsMs: [1_000, 2_000, 4_000, 5_000, 5_000],
      patienceMs: 20_000,
      ends: 'failed',
    })
  })

  it('are overridden by the application’s options', async () => {
    const options = { connectTimeoutMs: 3_000, backoff: { maxRetries: 2 } }
    expect(await connectionRules(sessions, options)).toEqual({
      waitsMs: [1_000, 2_000],
      patienceMs: 3_000,
      ends: 'failed',
    })
  })
})
