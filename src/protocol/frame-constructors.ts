import type { Fields } from './fields.ts'
import { asFields, asId, asInteger, asNumber, asString, isFields } from './fields.ts'
import type { EventFrame, NoticeFrame, ReplyFrame, WelcomeFrame } from './frame.ts'

/**
 * Creates an event frame from a peer's fields.
 *
 * @param fields may have `payload`, `id`, `offset`, `prev`, `via` and `timestamp`, as
 * {@link EventFrame} has them; values of a wrong type, and other fields, are ignored
 */
export function eventFrame(channel: string, type: string, fields: Fields): EventFrame {
  return {
    kind: 'event',
    channel,
    type,
    payload: fields.payload,
    id: asId(fields.id),
    offset: asInteger(fields.offset, 1),
    prev: asInteger(fields.prev, 0),
    via: asString(fields.via),
    timestamp: asNumber(fields.timestamp),
  }
}

/** Creates a welcome frame from a peer's fields; ignores limits that would allow nothing at all. */
export function welcomeFrame(fields: Fields): WelcomeFrame {
  const limits = asFields(fields.limits)
  return {
    kind: 'welcome',
    connectionId: asString(fields.connectionId),
    userId: asString(fields.userId),
    serverTime: asNumber(fields.serverTime),
    heartbeatMs: asNumber(fields.heartbeatMs, 1),
    tag: asString(fields.tag),
    limits: {
      subscriptions: asInteger(limits.subscriptions, 1),
      frameBytes: asInteger(limits.frameBytes, 1),
      messagesPerSecond: asNumber(limits.messagesPerSecond, 1),
      dedupeMs: asNumber(limits.dedupeMs, 0),
    },
  }
}

/** Reads a message that is an object with a `type`; returns a `malformed` notice for any other. */
export function readTyped<Read>(
  wire: unknown,
  read: (type: string, wire: Fields) => Read,
): Read | NoticeFrame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { type } = wire
  return typeof type === 'string' ? read(type, wire) : notice('malformed', 'no type', wire)
}

/** Creates the reply to a request that waits under one of these keys. */
export function plainReply(to: readonly string[], payload: unknown): ReplyFrame {
  return { kind: 'reply', to, payload, at: undefined }
}

/** Creates the frame of a message that has no meaning above the dialect. */
export function notice(level: NoticeFrame['level'], reason: string, wire: unknown): NoticeFrame {
  return { kind: 'notice', level, reason, wire }
}
