import type { Frame } from '../../protocol/frame.ts'

/** Returns what is wrong with a value, after the name of its place; empty if it is right. */
type Check = (value: unknown) => string

const must =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? '' : ` has to be ${what}`
const text = must('a text', (value) => typeof value === 'string')
const flag = must('true or false', (value) => typeof value === 'boolean')
const time = must('a finite number', Number.isFinite)
const anything: Check = () => ''
const from = (least: number): Check =>
  must(
    `a number from ${least}`,
    (value) => typeof value === 'number' && Number.isFinite(value) && value >= least,
  )
const integer = (least: number): Check =>
  must(`an integer from ${least}`, (value) => Number.isSafeInteger(value) && !from(least)(value))
const optional =
  (check: Check): Check =>
  (value) => {
    const wrong = value === undefined ? '' : check(value)
    return wrong && `${wrong} or undefined`
  }
/** Returns what is wrong with the first wrong item. */
const first = (place: string, items: Iterable<unknown>, check: Check): string => {
  const wrong = [...items].map(check).find((found) => found)
  return wrong ? place + wrong : ''
}
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) ? first('[…]', value, check) : ' has to be an array'
const map =
  (check: Check): Check =>
  (value) =>
    value instanceof Map
      ? first('.keys()', value.keys(), text) || first('.values()', value.values(), check)
      : ' has to be a Map'
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return ' has to be an object'
    const found: Readonly<Record<string, unknown>> = { ...value }
    for (const name of Object.keys({ ...checks, ...found })) {
      const wrong = checks[name] ? checks[name](found[name]) : ' is no field of its kind'
      if (wrong) return `.${name}${wrong}`
    }
    return ''
  }

const id = must(
  'a text of up to 160 characters',
  (value) => typeof value === 'string' && value.length <= 160,
)
const position = fields({ epoch: text, offset: integer(0) })
const refusal = fields({
  code: text,
  message: text,
  retryable: flag,
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
  ended: { channel: text },
  dropped: { channel: text },
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
    contract: optional(text),
  },
  ping: { timestamp: optional(time) },
  pong: { timestamp: optional(time), serverTime: optional(time), offsets: optional(map(position)) },
  goaway: { deadlineMs: from(0), windowMs: from(0), reason: text },
  expiring: { expiresAt: optional(time) },
  part: { text, more: flag },
  close: { code: integer(1000), reason: text },
  notice: { level: text, reason: text, wire: anything },
}

/** Returns which field of a frame is missing, wrong, or unknown, and why; empty if none is. */
export function wrongField(frame: Frame): string {
  const shape = shapes[frame.kind]
  return shape ? fields({ kind: text, ...shape })(frame) : '.kind is unknown'
}
