import type { Fields } from './fields.ts'
import { isFields } from './fields.ts'
import type { EventFrame, NoticeFrame, ReplyFrame, WelcomeFrame } from './frame.ts'
import { notice } from './notice.ts'

/*
 * The frames of backends that know no offsets, no families and no limits.
 */

/** Reads a message that is an object with a `type`; anything else is malformed. */
export function readTyped<Read>(
  wire: unknown,
  read: (type: string, wire: Fields) => Read,
): Read | NoticeFrame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { type } = wire
  return typeof type === 'string' ? read(type, wire) : notice('malformed', 'no type', wire)
}

/** An event. */
export function plainEvent(
  channel: string,
  type: string,
  payload: unknown,
  id?: string,
  timestamp?: number,
): EventFrame {
  return {
    kind: 'event',
    channel,
    type,
    payload,
    id,
    offset: undefined,
    prev: undefined,
    via: undefined,
    timestamp,
  }
}

/** A yes, to whoever waits under one of these keys. */
export function plainReply(to: readonly string[], payload: unknown): ReplyFrame {
  return { kind: 'reply', to, payload, at: undefined }
}

/** The server knows us. */
export function plainWelcome(
  connectionId: string | undefined,
  userId: string | undefined,
  serverTime: number | undefined,
): WelcomeFrame {
  return {
    kind: 'welcome',
    connectionId,
    userId,
    serverTime,
    heartbeatMs: undefined,
    limits: {
      subscriptions: undefined,
      frameBytes: undefined,
      messagesPerSecond: undefined,
      dedupeMs: undefined,
    },
  }
}
