/** Valid server messages, one of each kind, from which malformed frames are made. */
export const goodFrames: readonly string[] = [
  {
    type: 'welcome',
    payload: {
      connectionId: 'c',
      userId: 'u',
      serverTime: 1,
      heartbeatMs: 25_000,
      // Without messagesPerSecond, which would slow the client down while no time passes here.
      limits: { subscriptions: 50, frameBytes: 65_536, dedupeMs: 600_000 },
    },
  },
  {
    type: 'subscribed',
    requestId: '<subscribe>',
    payload: { at: { later: ['e', 1] }, refused: { later: 'forbidden' }, gaps: ['later'] },
  },
  { type: 'unsubscribed', requestId: '<request>' },
  { type: 'unsubscribed', channel: 'wanted', payload: { code: 'forbidden', message: 'no' } },
  {
    type: 'reply',
    requestId: '<request>',
    payload: { a: [1, { b: null }] },
    at: [{ channel: 'wanted', epoch: 'e', offset: 1 }],
  },
  {
    type: 'error',
    requestId: '<request>',
    payload: { code: 'c', message: 'm', retryable: true, retryAfterMs: 5, details: { a: 1 } },
  },
  { type: 'error', payload: { code: 'c', message: 'm' } },
  {
    type: 'x',
    channel: 'wanted',
    payload: { a: 1 },
    id: 'i',
    offset: 2,
    prev: 1,
    via: 'wanted',
    timestamp: 1,
  },
  { type: 'x', channel: 'wanted', payload: ['\ud800', '__proto__', 1e21] },
  {
    type: 'x',
    channel: 'docs',
    payload: {
      kind: 'Doc',
      path: '/a',
      event_id: 'e1',
      thread: 't',
      payload: { content: 'c', type: 'LOGS' },
      parts: [{ kind: 'Doc', path: '/b', parts: [] }],
    },
  },
  {
    type: 'x',
    channel: 'docs',
    payload: { context: { kind: 'Box', docs: [{ kind: 'Doc', path: '/c' }, { kind: 'Else' }] } },
  },
  { type: 'ping', timestamp: 1 },
  { type: 'pong', payload: { timestamp: 1, serverTime: 2, offsets: { wanted: ['e', 3] } } },
  { type: 'auth:expiring', payload: { expiresAt: 1 } },
].map((message) => JSON.stringify(message))
