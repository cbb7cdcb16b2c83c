import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { duui } from '../../src/dialects/duui.ts'
import { native } from '../../src/dialects/native.ts'
import { socketio } from '../../src/dialects/socketio.ts'
import { withAcks } from '../../src/dialects/socketio-acks.ts'
import { withHandshake } from '../../src/dialects/socketio-handshake.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { expectPristine } from './pristine.ts'

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const time: Check = (value) => Number.isFinite(value)
const from =
  (least: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isFinite(value) && value >= least
const integer =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && from(least)(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const anything: Check = () => true
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const map =
  (check: Check): Check =>
  (value) =>
    value instanceof Map && [...value.keys()].every(text) && [...value.values()].every(check)
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    const entries = Object.entries(value)
    const missing = Object.keys(checks).filter((name) => !Object.hasOwn(value, name))
    return (
      missing.every((name) => checks[name]?.(undefined)) &&
      entries.every(([name, field]) => checks[name]?.(field) ?? false)
    )
  }

const id: Check = (value) => typeof value === 'string' && value.length <= 128
const position = fields({ epoch: text, offset: integer(0) })
const refusal = fields({
  code: text,
  message: text,
  retryable: (value) => typeof value === 'boolean',
  retryAfterMs: optional(from(0)),
  channel: optional(text),
  details: anything,
})

/** What each kind of frame consists of. */
const shapes: { readonly [Kind in Frame['kind']]: Readonly<Record<string, Check>> } = {
  event: {
    channel: text,
    type: text,
    payload: anything,
    id: optional(id),
    offset: optional(integer(1)),
    prev: optional(integer(0)),
    via: optional(text),
    timestamp: optional(time),
  },
  reply: {
    to: list(text),
    payload: anything,
    at: optional(list(fields({ channel: text, epoch: text, offset: integer(1) }))),
  },
  refusal: { to: list(text), error: refusal },
  subscribed: { to: list(text), at: map(position), refused: map(refusal), gaps: list(text) },
  unsubscribed: { channel: text, error: refusal },
  welcome: {
    connectionId: optional(text),
    userId: optional(text),
    serverTime: optional(time),
    heartbeatMs: optional(from(1)),
    limits: fields({
      subscriptions: optional(integer(1)),
      frameBytes: optional(integer(1)),
      messagesPerSecond: optional(from(1)),
      dedupeMs: optional(from(0)),
    }),
  },
  ping: { timestamp: optional(time) },
  pong: {
    timestamp: optional(time),
    serverTime: optional(time),
    offsets: optional(map(position)),
  },
  goaway: { deadlineMs: from(0), windowMs: from(0), reason: text },
  expiring: { expiresAt: optional(time) },
  notice: { level: text, reason: text, wire: anything },
}

function expectWellFormed(frame: Frame): void {
  const shape = fields({ kind: text, ...shapes[frame.kind] })
  if (!shape(frame)) expect.fail(`${JSON.stringify(frame)} is no ${frame.kind}`)
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(-1, 0, 1, 1.5, 1e21, 1e308, 5e-324, 2 ** 53, 'x'.repeat(129), '', null),
)
const verb = fc.constantFrom(
  ...['welcome', 'subscribed', 'unsubscribed', 'reply', 'error', 'x', 'ping', 'pong', 'goaway'],
  'auth:expiring',
)
const place = fc.oneof(odd, fc.tuple(fc.oneof(fc.string(), odd), fc.oneof(fc.nat(), odd)))
const places = fc.oneof(odd, fc.dictionary(fc.string(), place))
const some = <T>(model: { readonly [name in keyof T]: fc.Arbitrary<T[name]> }) =>
  fc.record(model, { requiredKeys: [] })

const limits = some({ subscriptions: odd, frameBytes: odd, messagesPerSecond: odd, dedupeMs: odd })
const payload = some({
  ...{ connectionId: odd, userId: odd, serverTime: odd, heartbeatMs: odd, timestamp: odd },
  ...{ code: odd, message: odd, retryable: odd, retryAfterMs: odd, details: odd },
  ...{ deadlineMs: odd, windowMs: odd, reason: odd, expiresAt: odd },
  at: places,
  offsets: places,
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
const envelope = some({
  timestamp: odd,
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

describe.each([
  ['native', native],
  ['duui', duui],
  ['socketio', socketio],
  ['socketio by itself', withAcks(withHandshake(socketio))],
] as const)('the dialect %s', (_, dialect) => {
  const wire = fc.oneof(odd, message, envelope, packet, fc.array(fc.oneof(odd, message, envelope)))
  test.prop([wire], { numRuns: 3_000 })(
    'makes of any JSON a frame that is what its type says',
    (value) => {
      const frames = dialect().decode(value) ?? []
      for (const frame of [frames].flat()) expectWellFormed(frame)
      expectPristine()
    },
  )
})
