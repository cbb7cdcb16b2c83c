import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, noticeFrame, replyFrame } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { eventOf } from './packet.ts'
import { membershipEvent, placeOf, type RoomOptions } from './rooms.ts'

const dialect: Dialect = {
  name: 'sessions',
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
      maxRetries: 5,
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
 * The dialect of sessions over Socket.IO: rooms that are joined by `subscribe` and left by `unsubscribe` with
 * a session's id, and events with a `sessionId` and an ISO 8601 `timestamp`. Wire values are events with
 * their arguments, `["progress", {…}]`.
 *
 * An event of a session belongs to the channel {@link sessionChannel}; any other belongs to the
 * channel `socket`, which needs no subscribe. The payload is the event's first argument, unchanged;
 * the timestamp is the payload's, in milliseconds.
 *
 * Use it with the transport `socketioClient`, or over a plain WebSocket with `engineIo`.
 */
export const sessions: DialectFactory = () => dialect

const SESSION = 'session:'

/** Returns the channel of a session. */
export function sessionChannel(sessionId: string): string {
  return SESSION + sessionId
}

/** A session is a room, which its events name in a field. */
const rooms: RoomOptions = {
  prefix: SESSION,
  join: 'subscribe',
  leave: 'unsubscribe',
  room: 'sessionId',
}

function decode(wire: unknown): Frame | readonly Frame[] {
  const [type, ...args] = eventOf(wire)
  if (typeof type !== 'string') return noticeFrame('malformed', 'it is not an event', wire)
  const [payload] = args
  const { sessionId, timestamp, error } = asFields(payload)
  const id = asString(sessionId)
  if (type === 'subscribed' || type === 'unsubscribed')
    return replyFrame([`${type}:${id}`], payload)
  const { channel } = placeOf(rooms, type, args)
  // `Date.parse` returns `NaN` for an invalid date.
  const event = eventFrame(channel, type, {
    payload,
    timestamp: Date.parse(asString(timestamp) ?? ''),
  })
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
  return channels.flatMap((channel) => {
    const wire = membershipEvent(rooms, channel, intent)
    return wire ? [{ wire, keys: [`${kind}d:${wire[1]}`], channels: [channel] }] : []
  })
}
