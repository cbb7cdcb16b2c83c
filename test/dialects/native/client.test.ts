import { describe, expect, it } from 'vitest'
import { native } from 'wirefold'
import type { Intent } from 'wirefold/dialects'
import { clientMessages } from './golden.ts'

const dialect = native()
const wire = (intent: Intent) => JSON.stringify(dialect.encode(intent)?.[0]?.wire)

describe('the native dialect', () => {
  it('encodes every intent as the protocol prescribes', () => {
    for (const [intent, text] of clientMessages) expect(wire(intent)).toBe(text)
  })

  it('decodes a message with a request id as its reply', () => {
    const requestId = 'r'
    expect(
      dialect.decode({
        type: 'reply',
        requestId,
        payload: 7,
        at: [{ channel: 'a', epoch: 'e', offset: 3 }, { channel: 'a' }, 5],
      }),
    ).toEqual({
      kind: 'reply',
      to: ['r'],
      payload: 7,
      at: [{ channel: 'a', epoch: 'e', offset: 3 }],
    })
    expect(
      dialect.decode({
        type: 'error',
        requestId,
        payload: { code: 'rate-limited', message: 'Slow.', retryable: true, retryAfterMs: 50 },
      }),
    ).toEqual({
      kind: 'refusal',
      to: ['r'],
      error: { code: 'rate-limited', message: 'Slow.', retryable: true, retryAfterMs: 50 },
    })
    expect(
      dialect.decode({
        type: 'subscribed',
        requestId,
        payload: {
          at: { a: ['e', 3], b: ['e'], constructor: ['e', 0] },
          refused: { c: 'forbidden' },
          gaps: ['d', 7],
        },
      }),
    ).toEqual({
      kind: 'subscribed',
      to: ['r'],
      at: new Map([
        ['a', { epoch: 'e', offset: 3 }],
        ['constructor', { epoch: 'e', offset: 0 }],
      ]),
      refused: new Map([['c', { code: 'forbidden', message: '', retryable: false, channel: 'c' }]]),
      gaps: ['d'],
    })
    expect(dialect.decode({ type: 'unsubscribed', requestId })).toMatchObject({ kind: 'reply' })
  })

  it('decodes a message with a channel as its event', () => {
    expect(
      dialect.decode({
        type: 'entity:updated',
        channel: 'entity:Task:1',
        payload: { id: 1 },
        id: 'x',
        offset: 4,
        prev: 2,
        via: 'entity:*',
        timestamp: 5,
        epoch: 'ignored',
      }),
    ).toEqual({
      kind: 'event',
      channel: 'entity:Task:1',
      type: 'entity:updated',
      payload: { id: 1 },
      id: 'x',
      offset: 4,
      prev: 2,
      via: 'entity:*',
      timestamp: 5,
    })
    expect(dialect.decode({ type: 'x', channel: 'a', offset: '4', id: 7, prev: -1 })).toMatchObject(
      {
        offset: undefined,
        id: undefined,
        prev: undefined,
      },
    )
    const id = `tag:${'i'.repeat(128)}/2`
    expect(dialect.decode({ type: 'x', channel: 'a', id })).toMatchObject({ id })
    // An empty request id counts as missing.
    expect(dialect.decode({ type: 'x', channel: 'a', requestId: '' })).toMatchObject({
      ...{ kind: 'event', channel: 'a', type: 'x' },
    })
    expect(
      dialect.decode({ type: 'unsubscribed', channel: 'a', payload: { code: 'forbidden' } }),
    ).toMatchObject({ kind: 'unsubscribed', channel: 'a', error: { code: 'forbidden' } })
  })

  it('decodes the messages of the connection', () => {
    const kinds = [
      { type: 'welcome', payload: { connectionId: 'c', limits: { frameBytes: 100 }, tag: 't:' } },
      { type: 'welcome', payload: { tag: 7 } },
      { type: 'ping', timestamp: 1 },
      { type: 'pong', payload: { offsets: { a: ['e', 2] } } },
      { type: 'goaway', payload: { deadlineMs: 1, windowMs: 2, reason: 'deploy' } },
      { type: 'auth:expiring', payload: { expiresAt: 5 } },
      { type: 'error', payload: { code: 'not-authenticated' } },
    ].map((message) => dialect.decode(message))
    expect(kinds).toMatchObject([
      { kind: 'welcome', connectionId: 'c', limits: { frameBytes: 100 }, tag: 't:' },
      {
        ...{ kind: 'welcome', connectionId: undefined, tag: undefined },
        limits: { frameBytes: undefined },
      },
      { kind: 'ping', timestamp: 1 },
      { kind: 'pong', offsets: new Map([['a', { epoch: 'e', offset: 2 }]]) },
      { kind: 'goaway', deadlineMs: 1, windowMs: 2, reason: 'deploy' },
      { kind: 'expiring', expiresAt: 5 },
      { kind: 'refusal', to: [], error: { code: 'not-authenticated' } },
    ])
  })

  it('decodes anything else as malformed, one by one in a batch', () => {
    const empty = [
      { type: 'x', channel: '' },
      { type: 'reply', requestId: '' },
    ]
    const odd = [null, 7, 'x', {}, { type: 7 }, { type: 'x' }, { channel: 'a' }, ...empty]
    for (const wire of odd) {
      expect(dialect.decode(wire)).toMatchObject({ kind: 'notice', level: 'malformed', wire })
    }
    const good = { type: 'x', channel: 'a' }
    expect(dialect.decode([...odd, good])).toMatchObject([
      ...odd.map((wire) => ({ kind: 'notice', level: 'malformed', wire })),
      { kind: 'event' },
    ])
  })

  it('matches a family at any depth, by its prefix only', () => {
    const matches = (channel: string) => dialect.match(channel, 'agent:*')
    expect(['agent:1', 'agent:1:log', 'agent:'].map(matches)).toEqual([true, true, true])
    expect(['agent', 'agents:1', 'xagent:1'].map(matches)).toEqual([false, false, false])
    expect(dialect.match('agent:1', 'agent:1')).toBe(false)
  })
})
