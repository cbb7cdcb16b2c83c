import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { native } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { actioncable, anycable, anycablePresence } from 'wirefold/dialects/actioncable'
import { duui, duuiDialect } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { graphqlSse, graphqlWs } from 'wirefold/dialects/graphql-ws'
import { pusher, withDecryption } from 'wirefold/dialects/pusher'
import { sessions, socketio, withAcks } from 'wirefold/dialects/socketio'
import { sse } from 'wirefold/dialects/sse'
import { streams } from 'wirefold/dialects/streams'
import {
  topics,
  withConfirmations,
  withErrors,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import { withHandshake } from '../../src/dialects/socketio/handshake.ts'
import { wrongField } from '../../src/testing/suites/frame-shapes.ts'
import { operations } from '../dialects/graphql-ws/harness.ts'
import { apiGateway, django, fastapi, plain } from '../dialects/json/shapes.ts'
import { phoenixHarnesses } from '../dialects/phoenix/harness.ts'
import { expectPristine } from './pristine.ts'

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(-1, 0, 1, 1.5, 1e21, 1e308, 5e-324, 2 ** 53, 'x'.repeat(129), '', null),
)
const verb = fc.constantFrom(
  ...['welcome', 'subscribed', 'unsubscribed', 'reply', 'error', 'x', 'ping', 'pong', 'goaway'],
  ...['part', 'receiving'],
  ...['auth:expiring', 'connected', 'PING', 'subscribe_ack', 'subscribe_error', 'agent_updated'],
  ...['unsubscribe_success', 'thread_history', 'stream_chunk', 'presence', 'process_state'],
)
const position = fc.oneof(odd, fc.tuple(fc.oneof(fc.string(), odd), fc.oneof(fc.nat(), odd)))
const positions = fc.oneof(odd, fc.dictionary(fc.string(), position))
const some = <T>(model: { readonly [name in keyof T]: fc.Arbitrary<T[name]> }) =>
  fc.record(model, { requiredKeys: [] })

const limits = some({ subscriptions: odd, frameBytes: odd, messagesPerSecond: odd, dedupeMs: odd })
const payload = some({
  ...{ connectionId: odd, userId: odd, serverTime: odd, heartbeatMs: odd, timestamp: odd },
  ...{ code: odd, message: odd, retryable: odd, retryAfterMs: odd, details: odd },
  ...{ text: odd, more: odd },
  ...{ deadlineMs: odd, windowMs: odd, reason: odd, expiresAt: odd },
  at: positions,
  offsets: positions,
  refused: fc.oneof(odd, fc.dictionary(fc.string(), odd)),
  gaps: fc.oneof(odd, fc.array(odd)),
  limits: fc.oneof(odd, limits),
})
const message = some({
  type: fc.oneof({ weight: 9, arbitrary: verb }, odd),
  channel: fc.oneof(fc.string(), odd),
  requestId: fc.oneof(fc.string(), odd),
  payload: fc.oneof({ weight: 5, arbitrary: payload }, odd),
  ...{ id: odd, offset: odd, prev: odd, via: odd, timestamp: odd },
  at: fc.oneof(odd, fc.array(fc.oneof(odd, some({ channel: odd, epoch: odd, offset: odd })))),
})
const data = some({
  ...{ topics: fc.oneof(odd, fc.array(fc.string())), message_id: odd, timestamp: odd, id: odd },
  ...{ thread_id: odd, agent_id: odd, error: fc.oneof(fc.string(), odd), error_code: odd },
})
const topical = fc.tuple(data, some({ type: verb, topic: odd, req_id: odd, v: odd, ts: odd, data }))
const row = some({ _id: fc.oneof(odd, some({ $oid: odd })), path: odd, status: odd, kind: odd })
const state = some({
  ...{ type: verb, kind: odd, timestamp: odd, server_time: odd, process_id: odd, stream: odd },
  process: fc.oneof(odd, row),
  documents: fc.oneof(odd, fc.array(fc.oneof(odd, row))),
})
const envelope = some({
  timestamp: odd,
  process_id: odd,
  event: fc.oneof(
    odd,
    some({
      process_id: odd,
      _id: odd,
      event_id: odd,
      context: fc.oneof(odd, some({ kind: odd, path: odd })),
    }),
  ),
})

const packet = fc.tuple(
  fc.oneof(fc.constantFrom('connect', 'subscribed', 'unsubscribed', 'error', 'progress', 'x'), odd),
  fc.oneof(
    some({ sessionId: fc.oneof(fc.string(), odd), timestamp: odd, error: odd, sid: odd }),
    odd,
  ),
  fc.oneof(some({ pingInterval: odd, pingTimeout: odd, maxPayload: odd }), odd),
)
const metas = fc.oneof(odd, fc.array(some({ phx_ref: odd, phx_ref_prev: odd, id: odd })))
const members = fc.oneof(odd, fc.dictionary(fc.string(), fc.oneof(odd, some({ metas }))))
const talk = fc.tuple(
  fc.constantFrom<unknown>(null, '1', '2', 7),
  fc.oneof(fc.constantFrom<unknown>(null, '1', '2'), odd),
  fc.oneof(fc.constantFrom('room:1', 'realtime:room:1', 'phoenix'), odd),
  fc.oneof(
    fc.constantFrom('phx_reply', 'phx_close', 'phx_error', 'presence_state', 'presence_diff'),
    fc.constantFrom('system', 'broadcast', 'postgres_changes', 'x'),
    odd,
  ),
  fc.oneof(
    members,
    some({ joins: members, leaves: members }),
    some({ status: fc.oneof(fc.constant('ok'), odd), response: fc.oneof(odd, payload) }),
    some({ extension: odd, status: odd, message: odd, event: odd, payload: odd, meta: odd }),
    some({
      ids: fc.oneof(odd, fc.array(odd)),
      data: fc.oneof(odd, some({ type: verb, errors: odd })),
    }),
    odd,
  ),
)
const bytes = fc
  .tuple(fc.nat(5), fc.array(fc.nat(9)), fc.string())
  .map(([kind, lengths, text]) => Uint8Array.of(kind, ...lengths, ...Buffer.from(text)))

const number = fc.oneof(fc.nat(6), odd)
const name = fc.oneof(fc.constantFrom('', '/', '/x', '7'), odd)
const placeholder = some({ _placeholder: fc.constant(true), num: odd })
const headed = fc
  .tuple(fc.tuple(number, number, name, name), fc.array(fc.oneof(odd, verb, placeholder)))
  .map(([head, data]) => [head, ...data])

const graphqlError = some({ message: odd, extensions: fc.oneof(odd, some({ code: odd })) })
const graphqlErrors = fc.oneof(odd, fc.array(fc.oneof(odd, graphqlError)))
const graphqlMessage = some({
  id: fc.oneof(fc.constantFrom('r.0', 'r.1', 'x'), odd),
  type: fc.constantFrom('connection_ack', 'next', 'error', 'complete', 'ping', 'pong'),
  payload: fc.oneof(odd, graphqlErrors, some({ data: odd, errors: graphqlErrors })),
})

const channels = ['room:1', 'room:2']

const exchanged = some({
  ...{ stream: fc.oneof(fc.constantFrom('', 'room:1'), odd), type: fc.oneof(fc.string(), odd) },
  ...{ data: fc.oneof(fc.json(), fc.constant('[DONE]'), odd), lastEventId: odd, end: odd },
  ...{ id: fc.oneof(fc.string(), odd), status: fc.oneof(fc.constantFrom(200, 204, 401, 503), odd) },
  ...{ resumed: odd, body: fc.oneof(fc.json(), odd), retryAfterMs: odd },
})

const pushed = some({
  event: fc.oneof(
    fc.constantFrom(
      ...['pusher:connection_established', 'pusher:error', 'pusher:pong', 'pusher:ping'],
      ...['pusher_internal:subscription_succeeded', 'pusher:subscription_error', 'client-x'],
      ...['pusher_internal:member_added', 'pusher_internal:member_removed', 'pusher:cache_miss'],
    ),
    odd,
  ),
  channel: fc.oneof(fc.constantFrom('news', 'presence-room', 'private-encrypted-room'), odd),
  data: fc
    .oneof(
      some({
        ...{ socket_id: odd, activity_timeout: odd, code: odd, message: odd, error: odd },
        ...{ status: odd, retryAfterMs: odd, user_id: odd, user_info: odd, ciphertext: odd },
        presence: fc.oneof(
          odd,
          some({ ids: fc.oneof(odd, fc.array(odd)), hash: fc.oneof(odd, fc.object()) }),
        ),
      }),
      odd,
    )
    .chain((value) => fc.constantFrom<unknown>(value, JSON.stringify(value))),
})

const cable = some({
  type: fc.oneof(
    fc.constantFrom('welcome', 'disconnect', 'ping', 'confirm_subscription', 'reject_subscription'),
    fc.constantFrom('confirm_history', 'reject_history', 'presence'),
    odd,
  ),
  identifier: fc.oneof(fc.constantFrom('{"channel":"a"}', '{"channel":"b"}'), odd),
  message: fc.oneof(
    odd,
    some({ type: fc.oneof(fc.constantFrom('join', 'leave', 'info', 'error'), odd), id: odd }),
    some({
      type: fc.constant('info'),
      records: fc.oneof(odd, fc.array(some({ id: odd, info: odd }))),
    }),
  ),
  ...{ reason: odd, reconnect: odd, sid: odd, restored_ids: fc.oneof(odd, fc.array(odd)) },
  ...{ stream_id: odd, epoch: fc.oneof(fc.constantFrom('e', 'f'), odd), offset: odd },
})
/** A dialect that subscribes to what the messages are about. */
const subscribing = (dialect: DialectFactory) => () => {
  const made = dialect()
  const at = { timestamp: 1, requestId: 'r', since: new Map([['b', { epoch: 'e', offset: 0 }]]) }
  made.encode({ kind: 'subscribe', ...at, channels: ['a', 'b', 'presence:a'] })
  return made
}

const handWritten = some({
  type: fc.oneof(
    fc.constantFrom('welcome', 'subscribed', 'result', 'error', 'pong', 'event', 'reply', 'x'),
    odd,
  ),
  ...{ id: odd, ref: odd, re: odd, replyTo: odd, connectionId: odd, key: odd, user: odd },
  ...{ channel: fc.oneof(fc.string(), odd), room: fc.oneof(fc.string(), odd), topic: odd },
  ...{ event: fc.oneof(fc.string(), odd), kind: odd, op: fc.constant('ping'), t: odd, error: odd },
  ...{ seq: odd, epoch: odd, gap: odd, code: odd, detail: odd, reason: odd, message: odd },
  ...{ hello: fc.oneof(odd, some({ user: odd })), data: odd, body: odd },
})

describe.each([
  ['native', native],
  ['json, FastAPI', fastapi],
  ['json, Django Channels', django],
  ['json, a server on ws', plain],
  ['json, AWS API Gateway', apiGateway],
  ['duui', duui],
  ['duui, its older styles derived', duuiDialect({ legacy: 'derive' })],
  ['entity', entity],
  ['topics', topics],
  ['topics of a later generation', withErrors(withVersionedEnvelope(withConfirmations(topics)))],
  ['streams', streams],
  ...Object.entries(phoenixHarnesses).map(([name, { dialect }]) => [name, dialect] as const),
  ['socketio', socketio({ join: 'join', room: 0, confirms: { joined: 'x', refused: 'error' } })],
  ['sessions', sessions],
  ['sessions by itself', withAcks(withHandshake(sessions))],
  ['graphql-ws', graphqlWs({ operations })],
  ['graphql-sse', graphqlSse({ operations })],
  ['sse', sse()],
  ['sse of many streams', sse({ stream: (url, body) => ({ url, body }), replays: true })],
  ['pusher', pusher],
  ['pusher, decrypting', withDecryption(pusher, (_, { ciphertext }) => atob(String(ciphertext)))],
  ['actioncable', subscribing(actioncable())],
  ['anycable', subscribing(anycable({ presence: anycablePresence() }))],
] as const)('the dialect %s', (_, dialect) => {
  const flat = topical.map(([inner, outer]) => ({ ...inner, ...outer }))
  const any = fc.oneof(
    odd,
    message,
    envelope,
    packet,
    headed,
    flat,
    state,
    talk,
    bytes,
    graphqlMessage,
    exchanged,
    pushed,
    cable,
    handWritten,
  )
  const wire = fc.oneof(any, fc.array(any))
  test.prop([wire], { numRuns: 1_000 })('decodes any JSON to valid frames', (value) => {
    const one = dialect()
    // Replies are read by what they answer.
    one.encode({
      kind: 'subscribe',
      ...{ timestamp: 1, requestId: 'r', since: new Map() },
      channels,
    })
    const frames = one.decode(value) ?? []
    for (const frame of [frames].flat()) expect(wrongField(frame)).toBe('')
    expectPristine()
  })
})
