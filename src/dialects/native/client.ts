import { inFamily } from '../../protocol/channel-name.ts'
import type { Dialect, DialectFactory } from '../../protocol/dialect.ts'
import type { Fields } from '../../protocol/fields.ts'
import {
  asFields,
  asInteger,
  asNumber,
  asString,
  asStrings,
  isFields,
} from '../../protocol/fields.ts'
import type { ChannelPosition, Frame, Position } from '../../protocol/frame.ts'
import { eventFrame, notice, readTyped, welcomeFrame } from '../../protocol/frame-constructors.ts'
import type { Intent, SubscribeIntent } from '../../protocol/intent.ts'
import { readRefusal } from '../../protocol/refusal.ts'

/** WebSocket subprotocol of the native dialect. */
export const NATIVE_PROTOCOL = 'wirefold.v1'

const dialect: Dialect = {
  name: 'native',
  capabilities: {
    acks: true,
    recovery: true,
    presence: true,
    dedupes: true,
    families: true,
    batches: true,
  },
  presets: {},
  heartbeat: 'ping',
  fatalCloseCodes: [1008, 4403, 4409],
  protocols: [NATIVE_PROTOCOL],
  url: (base) => base,
  match: inFamily,
  decode: (wire) => (Array.isArray(wire) ? wire.map(decode) : decode(wire)),
  encode(intent) {
    const keys = 'requestId' in intent ? [intent.requestId] : []
    return [{ wire: message(intent), keys }]
  },
}

/** The native dialect, `wirefold.v1`; see `docs/protocol.md`. */
export const native: DialectFactory = () => dialect

/** Returns the wire message for an intent; `JSON.stringify` omits `undefined` fields. */
function message(intent: Intent): unknown {
  switch (intent.kind) {
    case 'hello': {
      const { clientId, senderId, token, expectUser, timestamp } = intent
      const payload = {
        ...{ protocol: 1, clientId, senderId, token, expectUser },
        ...{ agent: 'wirefold', parts: true },
      }
      return { type: 'hello', payload, timestamp }
    }
    case 'subscribe': {
      const { requestId, timestamp } = intent
      return { type: 'subscribe', payload: subscribePayload(intent), requestId, timestamp }
    }
    case 'unsubscribe': {
      const { requestId, channels, timestamp } = intent
      return { type: 'unsubscribe', payload: { channels }, requestId, timestamp }
    }
    case 'request': {
      const { type, channel, id, payload, requestId, timestamp, repeated } = intent
      return { type, channel, payload, id, requestId, timestamp, repeated }
    }
    case 'publish': {
      const { channel, id, requestId, type, payload, timestamp, repeated } = intent
      const event = { type, payload }
      return { type: 'publish', channel, payload: event, id, requestId, timestamp, repeated }
    }
    case 'presence': {
      const { action, resource, meta, requestId, timestamp } = intent
      const [type, channel] = [`presence:${action}`, `presence:${resource}`]
      return { type, channel, payload: { meta }, requestId, timestamp }
    }
    case 'auth': {
      const { token, requestId, timestamp } = intent
      return { type: 'auth', payload: { token }, requestId, timestamp }
    }
    case 'ping':
    case 'pong':
      return { type: intent.kind, timestamp: intent.timestamp }
  }
}

function subscribePayload(intent: SubscribeIntent): unknown {
  if (!intent.since.size) return { channels: intent.channels }
  const byEpoch = new Map<string, (string | number)[]>()
  const channels = []
  for (const channel of intent.channels) {
    const position = intent.since.get(channel)
    if (!position) channels.push(channel)
    else {
      const group = byEpoch.get(position.epoch)
      if (group) group.push(channel, position.offset)
      else byEpoch.set(position.epoch, [channel, position.offset])
    }
  }
  return { channels, since: [...byEpoch] }
}

function decode(wire: unknown): Frame {
  return readTyped(wire, decodeMessage)
}

/**
 * Decodes a message: with a request id it is a reply, with a channel an event, otherwise it
 * concerns the connection. An empty id or channel counts as none.
 */
function decodeMessage(type: string, wire: Fields): Frame {
  const requestId = asString(wire.requestId)
  const channel = asString(wire.channel)
  if (requestId) return decodeAnswer(type, [requestId], wire)
  if (channel) return decodeChannel(type, channel, wire)
  return decodeOwn(type, wire)
}

function decodeAnswer(type: string, to: readonly string[], wire: Fields): Frame {
  if (type === 'error') return { kind: 'refusal', to, error: readRefusal(wire.payload) }
  const { payload } = wire
  if (type !== 'subscribed') return { kind: 'reply', to, payload, at: positions(wire.at) }
  const { at, refused, gaps } = asFields(payload)
  return {
    kind: 'subscribed',
    to,
    at: places(at),
    refused: new Map(
      Object.entries(asFields(refused)).map(([name, code]) => [
        name,
        { ...readRefusal({ code }), channel: name },
      ]),
    ),
    gaps: asStrings(gaps),
  }
}

function decodeChannel(type: string, channel: string, wire: Fields): Frame {
  if (type === 'unsubscribed') {
    return { kind: 'unsubscribed', channel, error: { ...readRefusal(wire.payload), channel } }
  }
  if (type === 'error')
    return { kind: 'refusal', to: [], error: { ...readRefusal(wire.payload), channel } }
  return eventFrame(channel, type, wire)
}

function decodeOwn(type: string, wire: Fields): Frame {
  const payload = asFields(wire.payload)
  switch (type) {
    case 'welcome':
      return welcomeFrame(payload)
    case 'ping':
      return { kind: 'ping', timestamp: asNumber(wire.timestamp) }
    case 'pong':
      return {
        kind: 'pong',
        timestamp: asNumber(payload.timestamp),
        serverTime: asNumber(payload.serverTime),
        offsets: isFields(payload.offsets) ? places(payload.offsets) : undefined,
      }
    case 'goaway':
      return {
        kind: 'goaway',
        deadlineMs: asNumber(payload.deadlineMs, 0) ?? 0,
        windowMs: asNumber(payload.windowMs, 0) ?? 0,
        reason: asString(payload.reason) ?? '',
      }
    case 'part': {
      const text = asString(payload.text)
      if (text === undefined) return notice('malformed', 'a part has a text', wire)
      return { kind: 'part', text, more: payload.more === true }
    }
    case 'receiving':
      return { kind: 'part', text: '', more: true }
    case 'auth:expiring':
      return { kind: 'expiring', expiresAt: asNumber(payload.expiresAt) }
    case 'error':
      return { kind: 'refusal', to: [], error: readRefusal(wire.payload) }
    default:
      return notice('malformed', 'neither a request id, a channel, nor a known type', wire)
  }
}

/** Reads `{name: [epoch, offset]}`; entries of another shape are skipped. */
function places(value: unknown): ReadonlyMap<string, Position> {
  const result = new Map<string, Position>()
  for (const [name, place] of Object.entries(asFields(value))) {
    if (!Array.isArray(place)) continue
    const epoch = asString(place[0])
    const offset = asInteger(place[1], 0)
    if (epoch !== undefined && offset !== undefined) result.set(name, { epoch, offset })
  }
  return result
}

/** Reads `[{channel, epoch, offset}]`; items of another shape are skipped. */
function positions(value: unknown): readonly ChannelPosition[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.flatMap((item) => {
    const channel = asString(asFields(item).channel)
    const epoch = asString(asFields(item).epoch)
    const offset = asInteger(asFields(item).offset, 1)
    return channel !== undefined && epoch !== undefined && offset !== undefined
      ? [{ channel, epoch, offset }]
      : []
  })
}
