import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import { noticeFrame } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'

const dialect: Dialect = {
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
      minMs: 0,
      initialMs: 1_000,
      factor: 2,
      maxMs: 5_000,
      jitter: 'none',
      maxAttempts: 5,
    },
    connectTimeoutMs: 20_000,
  },
  // `socket.io-client` answers Engine.IO's pings itself.
  heartbeat: 'none',
  // The transports report a disconnect by the server with this code.
  fatalCloseCodes: [1008],
  protocols: [],
  url: (base) => base,
  match: () => false,
  decode,
  encode,
}

/**
 * The dialect of sessions over Socket.IO: `subscribe` and `unsubscribe` by session id, and events
 * with a `sessionId` and an ISO 8601 `timestamp`. Wire values are events with their arguments,
 * `["progress", {…}]`.
 *
 * An event of a session belongs to the channel {@link sessionChannel}; any other belongs to the
 * channel `socket`, which needs no subscribe. The payload is the event's first argument, unchanged;
 * the timestamp is the payload's, in milliseconds.
 *
 * Use it with the transport `socketioClient`, or over a plain WebSocket with `engineIo`.
 */
export const socketio: DialectFactory = () => dialect

const SESSION = 'session:'

/** Returns the channel of a session. */
export function sessionChannel(sessionId: string): string {
  return SESSION + sessionId
}

function decode(wire: unknown): Frame | readonly Frame[] {
  const [type, payload]: readonly unknown[] = Array.isArray(wire) ? wire : []
  if (typeof type !== 'string') return noticeFrame('malformed', 'it is not an event', wire)
  const { sessionId, timestamp, error } = asFields(payload)
  const id = asString(sessionId)
  if (type === 'subscribed' || type === 'unsubscribed') {
    return { kind: 'reply', to: [`${type}:${id}`], payload, at: undefined }
  }
  const event: EventFrame = {
    kind: 'event',
    channel: id === undefined ? 'socket' : sessionChannel(id),
    type,
    payload,
    id: undefined,
    offset: undefined,
    prev: undefined,
    via: undefined,
    // `Date.parse` returns `NaN` for an invalid date.
    timestamp: Date.parse(asString(timestamp) ?? '') || undefined,
  }
  const frames: Frame[] = [event]
  // The server stamps every event of a session, and a session is ordered by these stamps.
  if (id !== undefined && event.timestamp === undefined) {
    frames.push(noticeFrame('malformed', 'its timestamp is no date', wire))
  }
  if (type !== 'error') return frames[1] ? frames : event
  // If a subscribe to this session is pending, the error is its reply: the session does not exist.
  const refusal = { code: 'session-error', message: asString(error) ?? '', retryable: false }
  return [...frames, { kind: 'refusal', to: [`subscribed:${id}`], error: refusal }]
}

function encode(intent: Intent): ReturnType<Dialect['encode']> {
  if (!('channels' in intent)) return undefined
  const { kind, channels } = intent
  return channels
    .filter((channel) => channel.startsWith(SESSION))
    .map((channel) => {
      const id = channel.slice(SESSION.length)
      return { wire: [kind, id], keys: [`${kind}d:${id}`], channels: [channel] }
    })
}
