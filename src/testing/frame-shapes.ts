import type { Frame } from '../protocol/frame.ts'

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const time: Check = (value) => Number.isFinite(value)
const anything: Check = () => true
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
    const missing = Object.keys(checks).filter((name) => !Object.hasOwn(value, name))
    return (
      missing.every((name) => checks[name]?.(undefined)) &&
      Object.entries(value).every(([name, field]) => checks[name]?.(field) ?? false)
    )
  }

const id: Check = (value) => typeof value === 'string' && value.length <= 160
const position = fields({ epoch: text, offset: integer(0) })
const refusal = fields({
  code: text,
  message: text,
  retryable: (value) => typeof value === 'boolean',
  retryAfterMs: optional(from(0)),
  channel: optional(text),
  details: anything,
})

/** Fields of each kind of frame. */
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
    tag: optional(text),
  },
  ping: { timestamp: optional(time) },
  pong: { timestamp: optional(time), serverTime: optional(time), offsets: optional(map(position)) },
  goaway: { deadlineMs: from(0), windowMs: from(0), reason: text },
  expiring: { expiresAt: optional(time) },
  part: { text, more: (value) => typeof value === 'boolean' },
  notice: { level: text, reason: text, wire: anything },
}

/** Throws if a frame does not match its type: a field is missing, wrong, or unknown. */
export function assertFrame(frame: Frame): void {
  if (!fields({ kind: text, ...shapes[frame.kind] })(frame)) {
    throw new Error(`${JSON.stringify(frame)} is not a valid ${frame.kind} frame.`)
  }
}
