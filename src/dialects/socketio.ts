import type { Dialect, DialectFactory } from '../wire/dialect.ts'
import { asFields, asInteger, asNumber, asString } from '../wire/fields.ts'
import type { EventFrame, Frame, WelcomeFrame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import { notice } from '../wire/notice.ts'
import { withQuery } from '../wire/query.ts'

/*
 * The wire values are packets of Socket.IO as JSON has them:
 *
 *   ["progress", {…}]      an event and its arguments
 *   [7, "save", {…}]       an event that wants to be acknowledged, by its number
 *   [7, {…}]               the acknowledgement
 *   ["connect", {…}]       the handshake of the namespace; no event may have this name
 *   2 and 3                the ping and the pong of Engine.IO
 */

/** Of every session there is a channel. */
const SESSION = 'session:'
/** What the server says of no session comes on the channel `socket`, which needs no subscribe. */
const SOCKET = 'socket'
const PING = 2
const PONG = 3
/** What only makes sense of a session. */
const OF_A_SESSION = [
  ...['progress', 'model_result', 'clarification', 'completed'],
  ...['subscribed', 'unsubscribed'],
]

/** What no event may be called: a server cuts off who says so. */
const RESERVED = [
  ...['connect', 'connect_error', 'disconnect', 'disconnecting'],
  ...['newListener', 'removeListener'],
]

/** The channel of a session. */
export function sessionChannel(sessionId: string): string {
  return SESSION + sessionId
}

/**
 * Sessions over Socket.IO: `subscribe` and `unsubscribe` by session id, events that carry their
 * `sessionId` and the ISO 8601 moment they were sent.
 *
 * An event of a session is one of the channel {@link sessionChannel}, any other event one of the
 * channel `socket`. Its payload is the event's first argument as it came; its timestamp is that of
 * the payload in milliseconds. A request is an event that the server acknowledges.
 */
export const socketio: DialectFactory = () => {
  let asked = 0
  return { ...dialect, encode: (intent) => encode(intent, () => asked++) }
}

const dialect: Omit<Dialect, 'encode'> = {
  name: 'socketio',
  capabilities: {
    acks: true,
    recovery: false,
    presence: false,
    dedupes: false,
    families: false,
    batches: false,
  },
  presets: {
    backoff: {
      ...{ minMs: 0, initialMs: 1_000, factor: 2, maxMs: 5_000 },
      ...{ jitter: 'none', maxAttempts: 5 },
    },
    connectTimeoutMs: 20_000,
  },
  heartbeat: 'server',
  // The transports close with 1008 where the server has ended the connection on purpose.
  fatalCloseCodes: [1008],
  protocols: [],
  url: (base, { query = {} }) => withQuery(base, query),
  match: () => false,
  decode,
}

function decode(wire: unknown): Frame | readonly Frame[] {
  if (wire === PING) return { kind: 'ping', timestamp: undefined }
  if (!Array.isArray(wire)) return notice('malformed', 'not a packet', wire)
  const [name, payload, handshake]: readonly unknown[] = wire
  if (typeof name === 'number') return { kind: 'reply', to: [ackKey(name)], payload, at: undefined }
  if (typeof name !== 'string') return notice('malformed', 'an event without a name', wire)
  if (name === 'connect') return welcome(payload, handshake)
  const { sessionId, timestamp } = asFields(payload)
  if (typeof sessionId !== 'string') {
    if (OF_A_SESSION.includes(name)) return notice('malformed', `${name} of no session`, wire)
    return event(SOCKET, name, payload, timestamp)
  }
  const to = [answerKey('subscribe', sessionId)]
  switch (name) {
    case 'subscribed':
      return { kind: 'subscribed', to, at: new Map(), refused: new Map(), gaps: [] }
    case 'unsubscribed':
      return { kind: 'reply', to: [answerKey('unsubscribe', sessionId)], payload, at: undefined }
    case 'error': {
      const message = asString(asFields(payload).error) ?? ''
      return [
        event(sessionChannel(sessionId), name, payload, timestamp),
        // Where the session was just asked for, this is the answer: the id is not one.
        { kind: 'refusal', to, error: { code: 'session-error', message, retryable: false } },
      ]
    }
    default:
      return event(sessionChannel(sessionId), name, payload, timestamp)
  }
}

function event(channel: string, type: string, payload: unknown, timestamp: unknown): EventFrame {
  return {
    kind: 'event',
    channel,
    type,
    payload,
    id: undefined,
    offset: undefined,
    prev: undefined,
    via: undefined,
    timestamp: asNumber(typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp),
  }
}

/** What the namespace said, and where the transport knows it what Engine.IO said before. */
function welcome(namespace: unknown, engine: unknown): WelcomeFrame {
  const { pingInterval, pingTimeout, maxPayload } = asFields(engine)
  const silenceMs = Number(pingInterval) + Number(pingTimeout)
  return {
    kind: 'welcome',
    connectionId: asString(asFields(namespace).sid),
    userId: undefined,
    serverTime: undefined,
    heartbeatMs: asNumber(silenceMs, 1),
    limits: {
      subscriptions: undefined,
      frameBytes: asInteger(maxPayload, 1),
      messagesPerSecond: undefined,
      dedupeMs: undefined,
    },
  }
}

function encode(intent: Intent, nextAck: () => number): ReturnType<Dialect['encode']> {
  switch (intent.kind) {
    case 'hello': {
      const { token } = intent
      return [{ wire: token === undefined ? ['connect'] : ['connect', { token }], keys: [] }]
    }
    case 'subscribe':
    case 'unsubscribe':
      return intent.channels.flatMap((channel) => {
        if (!channel.startsWith(SESSION)) return []
        const id = channel.slice(SESSION.length)
        const keys = [answerKey(intent.kind, id)]
        return [{ wire: [intent.kind, id], keys, channels: [channel] }]
      })
    case 'request': {
      const { type, payload } = intent
      if (RESERVED.includes(type)) return undefined
      const number = nextAck()
      const said = payload === undefined ? [type] : [type, payload]
      return [{ wire: [number, ...said], keys: [ackKey(number)] }]
    }
    case 'pong':
      return [{ wire: PONG, keys: [] }]
    default:
      return undefined
  }
}

function answerKey(verb: 'subscribe' | 'unsubscribe', sessionId: string): string {
  return `${verb}:${sessionId}`
}

function ackKey(number: number): string {
  return `ack:${number}`
}
