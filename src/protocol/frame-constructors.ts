import type { Fields } from './fields.ts'
import { asFields, asId, asInteger, asNumber, asString, isFields } from './fields.ts'
import type { EventFrame, NoticeFrame, ReplyFrame, WelcomeFrame } from './frame.ts'

/**
 * The frame of an event, of what a peer tells of it.
 *
 * @param told may have `payload`, `id`, `offset`, `prev`, `via` and `timestamp`, as {@link EventFrame}
 * has them; what is none of its kind counts as not told, and so does all else
 */
export function eventFrame(channel: string, type: string, told: Fields): EventFrame {
  return {
    kind: 'event',
    channel,
    type,
    payload: told.payload,
    id: asId(told.id),
    offset: asInteger(told.offset, 1),
    prev: asInteger(told.prev, 0),
    via: asString(told.via),
    timestamp: asNumber(told.timestamp),
  }
}

/**
 * The frame for a server that knows us, of what it tells; a limit that would leave nothing to do counts
 * as not told.
 */
export function welcomeFrame(told: Fields): WelcomeFrame {
  const limits = asFields(told.limits)
  return {
    kind: 'welcome',
    connectionId: asString(told.connectionId),
    userId: asString(told.userId),
    serverTime: asNumber(told.serverTime),
    heartbeatMs: asNumber(told.heartbeatMs, 1),
    limits: {
      subscriptions: asInteger(limits.subscriptions, 1),
      frameBytes: asInteger(limits.frameBytes, 1),
      messagesPerSecond: asNumber(limits.messagesPerSecond, 1),
      dedupeMs: asNumber(limits.dedupeMs, 0),
    },
  }
}

/** Reads a message that is an object with a `type`; anything else is malformed. */
export function readTyped<Read>(
  wire: unknown,
  read: (type: string, wire: Fields) => Read,
): Read | NoticeFrame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { type } = wire
  return typeof type === 'string' ? read(type, wire) : notice('malformed', 'no type', wire)
}

/** A yes, to whoever waits under one of these keys. */
export function plainReply(to: readonly string[], payload: unknown): ReplyFrame {
  return { kind: 'reply', to, payload, at: undefined }
}

/** The frame for a message that means nothing above the dialect. */
export function notice(level: NoticeFrame['level'], reason: string, wire: unknown): NoticeFrame {
  return { kind: 'notice', level, reason, wire }
}
