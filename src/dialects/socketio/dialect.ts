import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import { notice } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'

const SESSION = 'session:'

/** The channel of a session. */
export function sessionChannel(sessionId: string): string {
  return SESSION + sessionId
}

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
  // Engine.IO has its own.
  heartbeat: 'none',
  // With which the transports say that the server has ended it on purpose.
  fatalCloseCodes: [1008],
  protocols: [],
  url: (base) => base,
  match: () => false,
  decode,
  encode,
}

/**
 * Sessions over Socket.IO: `subscribe` and `unsubscribe` by session id, and events that carry their
 * `sessionId` and the ISO 8601 moment they were sent. Its wire values are events with their arguments,
 * `["progress", {…}]`.
 *
 * An event of a session is one of the channel {@link sessionChannel}; any other is one of the channel
 * `socket`, which needs no subscribe. The payload is the event's first argument as it came, the
 * timestamp that of the payload in milliseconds.
 *
 * It goes with `socketioClient`; over a plain WebSocket `engineIo` brings what else it takes.
 */
export const socketio: DialectFactory = () => dialect

function decode(wire: unknown): Frame | readonly Frame[] {
  const [type, payload]: readonly unknown[] = Array.isArray(wire) ? wire : []
  if (typeof type !== 'string') return notice('malformed', 'not an event', wire)
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
    // `NaN` where it is no moment.
    timestamp: Date.parse(asString(timestamp) ?? '') || undefined,
  }
  if (type !== 'error') return event
  // Where the session was just asked for, this is the answer: there is no such session.
  const refusal = { code: 'session-error', message: asString(error) ?? '', retryable: false }
  return [event, { kind: 'refusal', to: [`subscribed:${id}`], error: refusal }]
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
