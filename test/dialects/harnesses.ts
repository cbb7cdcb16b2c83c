import { readFileSync } from 'node:fs'
import { native } from 'wirefold'
import { duui, duuiDialect } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { sessions, withAcks } from 'wirefold/dialects/socketio'
import { streamsDialect } from 'wirefold/dialects/streams'
import {
  topics,
  withConfirmations,
  withErrors,
  withInitialTopics,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import type { DialectHarness } from 'wirefold/testing'
import { withHandshake } from '../../src/dialects/socketio/handshake.ts'
import { asFields, asString, type Fields } from '../../src/protocol/fields.ts'
import { recordedEnvelopes } from '../replay/recording.ts'
import { recordedMessages } from '../replay/session.ts'
import { cableHarnesses } from './actioncable/harness.ts'
import { harnesses as graphql } from './graphql-ws/harness.ts'
import { harnesses as json } from './json/harness.ts'
import { phoenixHarnesses } from './phoenix/harness.ts'
import { harnesses as pusher } from './pusher/harness.ts'
import { socketioHarnesses } from './socketio/harness.ts'
import { sseHarnesses } from './sse/harness.ts'

/** One envelope of each kind of context. */
const envelopes = [
  ...new Map(recordedEnvelopes().map((line) => [line.event.context.kind, line])).values(),
]
const legacy = [
  { type: 'process_state', process: { _id: { $oid: 'p' }, status: 'Active', progress: 1 } },
  { type: 'documents_delta', process_id: 'p', documents: [{ path: '/a.txt', status: 'Active' }] },
  { kind: 'init', process: { _id: 'p' }, documents: [], server_time: 1 },
]
// The recording contains one message without a type on purpose, which the dialect rejects.
const topical = recordedMessages('agent-topics').filter(({ type }) => type !== undefined)

// The recorded frames that are events.
const sessionMessages = readFileSync(
  new URL('../recordings/document-sessions.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .map((line) => /^\{"dir": "s2c", "eio": ("42.*")\}$/.exec(line)?.[1])
  .flatMap((text) => (text === undefined ? [] : [JSON.parse(JSON.parse(text).slice(2))]))
const sessionAnswer = (wire: unknown): unknown => {
  const [verb, sessionId]: readonly unknown[] = Array.isArray(wire) ? wire : []
  return typeof verb === 'number' ? [verb, {}] : [`${verb}d`, { sessionId }]
}

/** The dialects of this package, each with messages of its backend. */
export const harnesses: Readonly<Record<string, DialectHarness>> = {
  native: {
    dialect: native,
    messages: [
      { type: 'welcome', payload: { connectionId: 'c', limits: { subscriptions: 50 } } },
      [{ type: 'x', channel: 'room:1', offset: 1, id: 'a' }],
      { type: 'pong', payload: { timestamp: 1, offsets: { 'room:1': ['e', 1] } } },
      { type: 'goaway', payload: { deadlineMs: 1, windowMs: 1, reason: 'restart' } },
      { type: 'unsubscribed', channel: 'room:1', payload: { code: 'forbidden' } },
    ],
    answer: ({ type, requestId }: Fields) =>
      type === 'subscribe'
        ? { type: 'subscribed', requestId, payload: { at: { 'room:1': ['e', 1] } } }
        : { type: 'reply', requestId, payload: {} },
  },
  duui: { dialect: duui, messages: [...envelopes, ...legacy] },
  'duui, its older styles derived': {
    dialect: duuiDialect({ legacy: 'derive' }),
    messages: [...legacy, ...envelopes],
  },
  entity: {
    dialect: entity,
    messages: recordedMessages('entity-realtime'),
    answer({ type, channel, requestId, payload }: Fields) {
      // The reply to a join is the only one without a request id.
      if (type === 'presence:join') {
        return { type: 'subscribed', channel: `presence:${asFields(payload).resource}` }
      }
      return { type: asString(type)?.includes('subscribe') ? `${type}d` : type, channel, requestId }
    },
  },
  topics: { dialect: topics, messages: topical },
  'topics, confirmed': {
    dialect: withErrors(withConfirmations(topics)),
    messages: topical,
    answer: ({ type, message_id }: Fields) => ({
      type: type === 'subscribe' ? 'subscribe_ack' : 'unsubscribe_success',
      message_id,
    }),
  },
  'topics, versioned': {
    dialect: withInitialTopics(withErrors(withVersionedEnvelope(withConfirmations(topics))), [
      'agent:1',
    ]),
    messages: topical,
    answer: ({ type, req_id }: Fields) => ({
      v: 1,
      type: `${type}_ack`,
      topic: 'system',
      ts: 1,
      req_id,
      data: { message_id: req_id },
    }),
  },
  streams: {
    dialect: streamsDialect({
      clients: () => [{ name: 'chat', stream: 'room:1:chat', strategy: 'streams' }],
    }),
    messages: recordedMessages('plugin-streams'),
  },
  ...phoenixHarnesses,
  ...socketioHarnesses,
  sessions: { dialect: sessions, messages: sessionMessages, answer: sessionAnswer },
  'sessions by themselves': {
    dialect: withAcks(withHandshake(sessions)),
    messages: [
      2,
      ['connect', { sid: 's' }, { pingInterval: 1, pingTimeout: 1 }],
      ...sessionMessages,
    ],
    ...json,
    answer: sessionAnswer,
  },
  ...graphql,
  ...sseHarnesses,
  ...pusher,
  ...cableHarnesses,
}
