import { refusalError } from '../../base/errors.ts'
import { nameOf } from '../../ports/outgoing-request.ts'
import { channelName } from '../../protocol/channel-name.ts'
import type { Dialect, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { CloseFrame, EventFrame, Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  refusalFrame,
  unsubscribedFrame,
} from '../../protocol/frame-constructors.ts'
import type { PublishIntent, RequestIntent } from '../../protocol/intent.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { cableChannel, identifierOf } from './identifier.ts'

/** Options of every backend that speaks Action Cable. */
export interface ActionCableOptions {
  /**
   * Field of a message that has the type of the event. A message without it is an event of the type
   * `message`. The payload is the message itself.
   * @default 'type'
   */
  readonly typeField?: string | undefined
  /**
   * The longest time without a ping of the server, in milliseconds, after which the connection counts as
   * dead: three times the server's interval.
   * @default 9_000
   */
  readonly silenceMs?: number | undefined
}

/** The names of these options, to check those that are given. */
export const cableOptions = { typeField: 0, silenceMs: 0 }

/** The reason of a rejected subscription, of which the protocol says nothing more. */
const rejected = {
  ...{ code: 'forbidden', message: 'The server rejected the subscription.' },
  retryable: false,
}

/** What all dialects of Action Cable have in common. */
export const cableDialect = {
  ...plainDialect,
  heartbeat: 'server',
  channelOf: cableChannel,
} as const satisfies Partial<Dialect>

/** Returns a message, with the channels that it covers and the keys of its reply, if one is due. */
export function command(
  name: string,
  identifier: string,
  more: object = {},
  channels: readonly string[] = [],
  keys: readonly string[] = [],
): Outgoing {
  return { wire: { command: name, identifier, ...more }, keys, channels }
}

/**
 * Returns the call of an action, which the server does not answer; `undefined` without a channel, which
 * has the actions. A payload that is no object is the action's `data`. Throws the refusal of an action
 * whose subscription is among those that the server rejects in this task.
 */
export function perform(
  intent: RequestIntent | PublishIntent,
  rejectedNow: ReadonlySet<string>,
): readonly Outgoing[] | undefined {
  const { channel, type, payload } = intent
  if (channel === undefined) return undefined
  const identifier = identifierOf(channel)
  if (rejectedNow.has(identifier)) throw refusalError(nameOf(intent), rejected)
  const data = JSON.stringify({ ...fieldsOf(payload), action: type })
  return [command('message', identifier, { data })]
}

/** Returns the key of the list of those present at an identifier. */
export const listKey = (identifier: string): string => `presence ${identifier}`

/** Returns a payload as the fields of a message. */
export function fieldsOf(payload: unknown): Fields {
  if (isFields(payload)) return payload
  return payload === undefined ? {} : { data: payload }
}

/** Returns the event of a message. */
export function cableEvent(channel: string, payload: unknown, typeField: string): EventFrame {
  const name = channelName(channel)
  const type = asString(asFields(payload)[typeField]) || 'message'
  return eventFrame(name, type, { payload, via: name === channel ? undefined : channel })
}

/**
 * Returns the refusal of a subscription; its end, if the server had confirmed it before.
 *
 * @param channel the channel of a confirmed one
 */
export function rejection(key: string, channel?: string): Frame {
  return channel === undefined
    ? refusalFrame([key], rejected)
    : unsubscribedFrame(channel, rejected)
}

/** Returns the frame of a message that is no event of a subscribed channel. */
export function otherMessage(wire: Fields): Frame {
  const level = asString(wire.type ?? wire.identifier) ? 'ignored' : 'malformed'
  return noticeFrame(level, 'it is of an unknown type or subscription', wire)
}

/**
 * Returns the end of the connection that the server announces. Credentials that are refused or have expired
 * are asked for once more; after any other end the server says whether the client may come back.
 */
export function closing({ reason, reconnect }: Fields): CloseFrame {
  const why = asString(reason) ?? ''
  const isFinal = reconnect === false
  const code = !isFinal ? 1012 : /^(unauthorized|token_expired)$/.test(why) ? 4401 : 4403
  return { kind: 'close', code, reason: why }
}
