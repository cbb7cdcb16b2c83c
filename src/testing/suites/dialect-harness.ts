import type { Dialect, DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import type { Frame } from '../../protocol/frame.ts'
import type { Intent } from '../../protocol/intent.ts'

/** A dialect under test, with messages of its backend. */
export interface DialectHarness {
  /** Makes the dialect under test. */
  readonly dialect: DialectFactory
  /**
   * Messages of the backend, preferably recorded; none of them malformed. A binary one is a `Uint8Array`.
   */
  readonly messages: readonly unknown[]
  /**
   * Returns the successful reply of the backend to a message; `undefined` if there is none. May be
   * left out if the backend never replies.
   */
  answer?(wire: unknown): unknown
}

/** Creates a dialect under test. */
export type MakeDialect = () => DialectHarness

/** Returns the frames of a message, as a list. */
export function framesOf(dialect: Dialect, wire: unknown): readonly Frame[] {
  // The message becomes text only for an error: there are thousands.
  const read = attempt(
    () => `decode() of ${shown(wire)}`,
    () => dialect.decode(wire),
  )
  if (read === undefined) return []
  if (Object(read) !== read) {
    throw new Error(`decode() of ${shown(wire)} returned ${String(read)}.`)
  }
  return 'kind' in read ? [read] : read
}

/** Returns the messages of an intent, as a list. */
export function messagesOf(dialect: Dialect, intent: Intent): readonly Outgoing[] {
  return attempt(`encode() of ${intent.kind}`, () => dialect.encode(intent)) ?? []
}

/** Calls a function of a dialect; throws an error that names the call if it throws. */
export function attempt<Result>(call: string | (() => string), run: () => Result): Result {
  try {
    return run()
  } catch (cause) {
    const name = typeof call === 'string' ? call : call()
    throw new Error(`${name} threw ${String(cause)}.`, { cause })
  }
}

/** Returns the beginning of a value as text, for a message. */
export function shown(value: unknown): string {
  return String(textOf(value)).slice(0, 200)
}

/** Returns a value as comparable text, with maps and `undefined`. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Map ? { map: [...inner] } : inner === undefined ? 'undefined' : inner,
  )
}

/** Returns a copy of a message, as it is after its transport. */
export function copied(message: unknown): unknown {
  return message instanceof Uint8Array ? message.slice() : JSON.parse(JSON.stringify(message))
}

/** Returns a deeply frozen copy of a JSON value; of bytes, which cannot be frozen, a copy. */
export function frozen(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice()
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) => Object.freeze(inner))
}

/** Returns intents of every kind, with request ids made of `id`. */
export function intents(id: string): readonly Intent[] {
  const timestamp = 1_700_000_000_000
  let count = 0
  const withId = () => ({ timestamp, requestId: `${id}:${++count}` })
  const since = new Map([['room:2', { epoch: 'e', offset: 7 }]])
  return [
    {
      kind: 'hello',
      timestamp,
      clientId: 'c',
      senderId: 's',
      token: undefined,
      expectUser: undefined,
    },
    { kind: 'subscribe', ...withId(), channels: ['room:1', 'room:2', 'room:*'], since },
    { kind: 'unsubscribe', ...withId(), channels: ['room:1', 'room:2'] },
    {
      kind: 'request',
      ...withId(),
      type: 'task:create',
      channel: undefined,
      payload: { title: 'x' },
    },
    { kind: 'request', ...withId(), type: 'count', channel: 'room:1', payload: undefined },
    { kind: 'publish', ...withId(), channel: 'room:1', id: 'i', type: 'said', payload: ['x'] },
    { kind: 'presence', ...withId(), action: 'join', resource: 'a/b', meta: { color: 'blue' } },
    { kind: 'presence', ...withId(), action: 'update', resource: 'a/b', meta: undefined },
    { kind: 'presence', ...withId(), action: 'heartbeat', resource: 'a/b', meta: undefined },
    { kind: 'presence', ...withId(), action: 'leave', resource: 'a/b', meta: undefined },
    { kind: 'ping', timestamp },
    { kind: 'pong', timestamp: undefined, sentAt: 1 },
    { kind: 'auth', ...withId(), token: 't' },
  ]
}

/** Returns the messages that a dialect encodes for every intent, with the intent. */
export function encoded(dialect: Dialect, id: string): readonly (readonly [Intent, Outgoing])[] {
  return intents(id).flatMap((intent) =>
    messagesOf(dialect, intent).map((outgoing) => [intent, outgoing] as const),
  )
}

/** Messages that no backend should send, and some that one might: JSON values of every kind. */
export const oddMessages: readonly unknown[] = [
  ...[undefined, null, true, 0, -1, 1e308, Number.NaN, '', 'text', 'x'.repeat(100_000)],
  ...[[], [[]], [null], [1, 'a', {}], {}, { type: null }, { type: 1 }, { type: '' }, { type: 'x' }],
  ...[{ type: '__proto__' }, { type: 'constructor' }, JSON.parse('{"__proto__": {"type": "x"}}')],
  ...[nested(60), new Uint8Array(), Uint8Array.of(0), new Uint8Array(100).fill(255)],
]

/**
 * Yields a message with each of its fields, at any depth, removed or replaced by an odd value; bytes cut
 * short, or with one replaced.
 */
export function* mutations(message: unknown): Generator<unknown> {
  if (typeof message !== 'object' || message === null) return
  if (message instanceof Uint8Array) {
    for (const at of message.keys()) {
      yield message.slice(0, at)
      for (const odd of [0, 127, 128, 255]) yield message.slice().fill(odd, at, at + 1)
    }
    return
  }
  for (const [name, value] of Object.entries(message)) {
    for (const odd of [undefined, null, -1, 2 ** 60, '', 'x'.repeat(300), [], [null], {}]) {
      yield { ...message, [name]: odd }
    }
    for (const inner of mutations(value)) yield { ...message, [name]: inner }
  }
}

function nested(levels: number): unknown {
  return levels === 0 ? 'deep' : { type: 'x', data: nested(levels - 1) }
}
