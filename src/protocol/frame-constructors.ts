import type { Refusal } from '../base/errors.ts'
import type { Fields } from './fields.ts'
import { asFields, asId, asInteger, asNumber, asString, isFields } from './fields.ts'
import type {
  ChannelPosition,
  DroppedFrame,
  EndedFrame,
  EventFrame,
  NoticeFrame,
  PingFrame,
  PongFrame,
  Position,
  RefusalFrame,
  ReplyFrame,
  SubscribedFrame,
  UnsubscribedFrame,
  WelcomeFrame,
} from './frame.ts'
import { readRefusal } from './refusal.ts'

/*
 * Each constructor is the one literal of its kind of frame. Parameters of type `unknown` are values
 * that a peer sent: one of a wrong type counts as missing, so that no message makes a wrong frame.
 */

/** Fields that a peer sent, by name; none has been checked. */
export type PeerFields<Name extends string> = { readonly [Field in Name]?: unknown }

/** Creates the frame of an event from a peer's fields, which {@link EventFrame} explains. */
export function eventFrame(
  channel: string,
  type: string,
  fields: PeerFields<'payload' | 'id' | 'offset' | 'prev' | 'via' | 'timestamp'>,
): EventFrame {
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

/**
 * Creates the reply to the request that waits under one of these keys.
 *
 * @param at positions of the events that the request caused, if the backend reports them
 */
export function replyFrame(
  to: readonly string[],
  payload: unknown,
  at?: readonly ChannelPosition[],
): ReplyFrame {
  return { kind: 'reply', to, payload, at }
}

/**
 * Creates the refusal of the request or subscribe that waits under one of these keys; without keys,
 * that of the connection, or of `channel`.
 *
 * @param fields the peer's fields, which {@link Refusal} explains; the code is `internal` by default
 */
export function refusalFrame(
  to: readonly string[],
  fields: PeerFields<Exclude<keyof Refusal, 'channel' | 'own'>>,
  channel?: string,
): RefusalFrame {
  const error = readRefusal(fields)
  return { kind: 'refusal', to, error: channel ? { ...error, channel } : error }
}

/**
 * Creates the reply to the subscribe that waits under one of these keys.
 *
 * @param result nothing is refused or missing by default
 */
export function subscribedFrame(
  to: readonly string[],
  result: Partial<Pick<SubscribedFrame, 'at' | 'refused' | 'gaps'>> = {},
): SubscribedFrame {
  const { at = new Map(), refused = new Map(), gaps = [] } = result
  return { kind: 'subscribed', to, at, refused, gaps }
}

/** Creates the end of a subscription by the server, with the peer's fields of the reason. */
export function unsubscribedFrame(
  channel: string,
  fields: PeerFields<Exclude<keyof Refusal, 'channel' | 'own'>>,
): UnsubscribedFrame {
  return { kind: 'unsubscribed', channel, error: { ...readRefusal(fields), channel } }
}

/** Creates the normal end of a channel, after which the server sends no more events on it. */
export function endedFrame(channel: string): EndedFrame {
  return { kind: 'ended', channel }
}

/** Creates the loss of one subscription, by a fault of the server, after which the client subscribes again. */
export function droppedFrame(channel: string): DroppedFrame {
  return { kind: 'dropped', channel }
}

/** Creates the frame of a server's ping. */
export function pingFrame(timestamp?: unknown): PingFrame {
  return { kind: 'ping', timestamp: asNumber(timestamp) }
}

/**
 * Creates the reply to a ping.
 *
 * @param fields the `timestamp` of the ping and the `serverTime`, as the peer sent them
 * @param offsets the newest positions of channels, if the backend sends them
 */
export function pongFrame(
  fields: PeerFields<'timestamp' | 'serverTime'>,
  offsets?: ReadonlyMap<string, Position>,
): PongFrame {
  return {
    kind: 'pong',
    timestamp: asNumber(fields.timestamp),
    serverTime: asNumber(fields.serverTime),
    offsets,
  }
}

/** Creates the welcome from a peer's fields; ignores limits that would allow nothing at all. */
export function welcomeFrame(
  fields: PeerFields<Exclude<keyof WelcomeFrame, 'kind'>>,
): WelcomeFrame {
  const limits = asFields(fields.limits)
  return {
    kind: 'welcome',
    connectionId: asString(fields.connectionId),
    userId: asString(fields.userId),
    serverTime: asNumber(fields.serverTime),
    heartbeatMs: asNumber(fields.heartbeatMs, 1),
    tag: asString(fields.tag),
    contract: asString(fields.contract),
    limits: {
      subscriptions: asInteger(limits.subscriptions, 1),
      frameBytes: asInteger(limits.frameBytes, 1),
      messagesPerSecond: asNumber(limits.messagesPerSecond, 1),
      dedupeMs: asNumber(limits.dedupeMs, 0),
    },
  }
}

/** Creates the frame of a message that has no meaning above the dialect. */
export function noticeFrame(
  level: NoticeFrame['level'],
  reason: string,
  wire: unknown,
): NoticeFrame {
  return { kind: 'notice', level, reason, wire }
}

/** Reads a message that is an object with a `type`; returns a `malformed` notice for any other. */
export function readTyped<Read>(
  wire: unknown,
  read: (type: string, wire: Fields) => Read,
): Read | NoticeFrame {
  if (!isFields(wire)) return noticeFrame('malformed', 'not an object', wire)
  const { type } = wire
  return typeof type === 'string' ? read(type, wire) : noticeFrame('malformed', 'no type', wire)
}
