import type { Intent } from 'wirefold/dialects'
import type { ServerFrame } from '../../../src/protocol/server-frame.ts'

export const timestamp = 1_700_000_000_000

const at = { timestamp }
/** Intents of a client, each with its message. */
export const clientMessages: readonly (readonly [Intent, string])[] = [
  [
    {
      kind: 'hello',
      ...at,
      clientId: 'c',
      senderId: 's',
      token: 't',
      expectUser: undefined,
    },
    '{"type":"hello","payload":{"protocol":1,"clientId":"c","senderId":"s","token":"t","agent":"wirefold","parts":true},"timestamp":1700000000000}',
  ],
  [
    {
      kind: 'subscribe',
      ...at,
      requestId: 'req_123',
      channels: ['entity:Task'],
      since: new Map(),
    },
    '{"type":"subscribe","payload":{"channels":["entity:Task"]},"requestId":"req_123","timestamp":1700000000000}',
  ],
  [
    {
      kind: 'subscribe',
      ...at,
      requestId: 'r',
      channels: ['a', 'b', 'c', 'd'],
      since: new Map([
        ['a', { epoch: 'e1', offset: 7 }],
        ['c', { epoch: 'e2', offset: 0 }],
        ['d', { epoch: 'e1', offset: 9 }],
      ]),
    },
    '{"type":"subscribe","payload":{"channels":["b"],"since":[["e1",["a",7,"d",9]],["e2",["c",0]]]},"requestId":"r","timestamp":1700000000000}',
  ],
  [
    {
      kind: 'subscribe',
      ...at,
      requestId: 'r',
      channels: ['a'],
      since: new Map([['a', { epoch: 'e1', offset: 7 }]]),
      params: { code: 'x' },
    },
    '{"type":"subscribe","payload":{"channels":[],"since":[["e1",["a",7]]],"params":{"code":"x"}},"requestId":"r","timestamp":1700000000000}',
  ],
  [
    { kind: 'unsubscribe', ...at, requestId: 'r', channels: ['a', 'b'] },
    '{"type":"unsubscribe","payload":{"channels":["a","b"]},"requestId":"r","timestamp":1700000000000}',
  ],
  [
    {
      kind: 'request',
      ...at,
      requestId: 'r',
      type: 'task:create',
      channel: undefined,
      payload: { title: 'x' },
    },
    '{"type":"task:create","payload":{"title":"x"},"requestId":"r","timestamp":1700000000000}',
  ],
  [
    {
      kind: 'request',
      ...at,
      requestId: 'r',
      type: 'task:create',
      channel: 'a',
      id: 'i',
      payload: 1,
    },
    '{"type":"task:create","channel":"a","payload":1,"id":"i","requestId":"r","timestamp":1700000000000}',
  ],
  [
    {
      kind: 'publish',
      ...at,
      requestId: 'r',
      channel: 'a',
      id: 'i',
      type: 'note',
      payload: 1,
    },
    '{"type":"publish","channel":"a","payload":{"type":"note","payload":1},"id":"i","requestId":"r","timestamp":1700000000000}',
  ],
  [{ kind: 'ping', ...at }, '{"type":"ping","timestamp":1700000000000}'],
  [{ kind: 'pong', timestamp: undefined, sentAt: 1 }, '{"type":"pong"}'],
]

/** Frames of a server. */
export const serverFrames: readonly ServerFrame[] = [
  {
    kind: 'welcome',
    connectionId: 'c',
    userId: 'u',
    serverTime: timestamp,
    heartbeatMs: 25_000,
    limits: { subscriptions: 50, frameBytes: 65_536, messagesPerSecond: 100, dedupeMs: 600_000 },
    tag: 'tag:',
  },
  {
    ...{ kind: 'reply', type: 'order:place', to: ['r'], payload: { x: 1 } },
    at: [{ channel: 'a', epoch: 'e', offset: 1 }],
  },
  { kind: 'reply', type: 'publish', to: ['r'], payload: undefined, at: undefined },
  {
    kind: 'refusal',
    to: ['r'],
    error: { code: 'busy', message: 'No.', retryable: true, retryAfterMs: 5, details: [1] },
  },
  {
    kind: 'refusal',
    to: [],
    error: { code: 'not-authenticated', message: '', retryable: false },
  },
  {
    kind: 'refusal',
    to: [],
    error: { code: 'unknown-type', message: '', retryable: false, channel: 'a' },
  },
  {
    kind: 'subscribed',
    to: ['r'],
    at: new Map([['a', { epoch: 'e', offset: 0 }]]),
    refused: new Map([['b', { code: 'forbidden', message: '', retryable: false, channel: 'b' }]]),
    gaps: ['a'],
    channels: ['a', 'b'],
  },
  {
    ...{ kind: 'subscribed', to: ['r'], at: new Map(), refused: new Map(), gaps: [] },
    channels: ['a'],
  },
  {
    kind: 'unsubscribed',
    channel: 'a',
    error: { code: 'forbidden', message: 'No.', retryable: false, channel: 'a' },
  },
  { kind: 'ping', timestamp },
  { kind: 'pong', timestamp: 1, serverTime: timestamp, offsets: undefined },
  {
    kind: 'pong',
    timestamp: undefined,
    serverTime: timestamp,
    offsets: new Map([['a', { epoch: 'e', offset: 3 }]]),
  },
  { kind: 'goaway', deadlineMs: 10, windowMs: 5, reason: 'restart' },
  { kind: 'expiring', expiresAt: timestamp },
]
