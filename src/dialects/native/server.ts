import type { Refusal } from '../../base/errors.ts'
import type { Command, PresenceCommand, SubscribeCommand } from '../../protocol/command.ts'
import type { Fields } from '../../protocol/fields.ts'
import { asFields, asInteger, asNumber, asString, isFields } from '../../protocol/fields.ts'
import type { Position } from '../../protocol/frame.ts'
import { isName, isOwnType, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'

const BAD_ID = `an id is ${NAME_RULE}`

/** Presence actions by message type. */
const PRESENCE_ACTIONS = {
  'presence:join': 'join',
  'presence:update': 'update',
  'presence:leave': 'leave',
  'presence:heartbeat': 'heartbeat',
} as const

/** The server half of the native dialect, `wirefold.v1`; see `docs/protocol.md`. */
export const nativeServer: ServerDialect = {
  name: 'native',
  decode: (wire) => (Array.isArray(wire) ? wire.map(decodeMessage) : [decodeMessage(wire)]),
  encode: (frame) => JSON.stringify(message(frame)),
  join: (texts) => `[${texts.join(',')}]`,
  encodeEvent({ type, channel, json, id, offset, prev, via, timestamp }) {
    const place = offset || undefined
    const head = JSON.stringify({ type, channel, id, offset: place, prev, via, timestamp })
    // The payload is JSON already: insert it instead of serializing it once per dialect.
    return json === undefined ? head : `${head.slice(0, -1)},"payload":${json}}`
  },
}

function decodeMessage(wire: unknown): Command {
  if (!isFields(wire)) return malformed('not an object', undefined)
  const { type } = wire
  if (wire.requestId !== undefined && !isName(wire.requestId)) {
    return malformed(`a requestId is ${NAME_RULE}`, undefined)
  }
  const requestId = asString(wire.requestId)
  if (!isName(type)) return malformed(`a type is ${NAME_RULE}`, requestId)
  switch (type) {
    case 'hello':
      return decodeHello(asFields(wire.payload))
    case 'auth': {
      const token = asString(asFields(wire.payload).token)
      if (requestId === undefined || token === undefined) {
        return malformed('an auth has a requestId and a token', requestId)
      }
      return { kind: 'auth', requestId, token }
    }
    case 'subscribe':
      return decodeSubscribe(asFields(wire.payload), requestId)
    case 'unsubscribe': {
      const { channels } = asFields(wire.payload)
      if (requestId === undefined || !isStrings(channels)) {
        return malformed('an unsubscribe has a requestId and channels', requestId)
      }
      return { kind: 'unsubscribe', requestId, channels }
    }
    case 'publish':
      return decodePublish(wire, requestId)
    case 'presence:join':
    case 'presence:update':
    case 'presence:leave':
    case 'presence:heartbeat':
      return decodePresence(type, wire, requestId)
    case 'ping':
      return { kind: 'ping', timestamp: asNumber(wire.timestamp) }
    case 'pong':
      return { kind: 'pong' }
    default: {
      const { channel, id, payload } = wire
      if (channel !== undefined && typeof channel !== 'string') {
        return malformed('a channel is a string', requestId)
      }
      if (id !== undefined && !isName(id)) return malformed(BAD_ID, requestId)
      const request = {
        kind: 'request',
        requestId,
        type,
        channel,
        id: asString(id),
        payload,
      } as const
      return wire.repeated === true ? { ...request, repeated: true } : request
    }
  }
}

function decodeHello(payload: Fields): Command {
  const { protocol = 1, clientId, senderId, token, expectUser } = payload
  if (typeof protocol !== 'number') return malformed('a protocol is a number', undefined)
  for (const name of [clientId, senderId]) {
    if (name !== undefined && !isName(name)) {
      return malformed(`a clientId or senderId is ${NAME_RULE}`, undefined)
    }
  }
  for (const text of [token, expectUser]) {
    if (text !== undefined && typeof text !== 'string') {
      return malformed('a token or expectUser is a string', undefined)
    }
  }
  return {
    kind: 'hello',
    protocol,
    clientId: asString(clientId),
    senderId: asString(senderId),
    token: asString(token),
    expectUser: asString(expectUser),
    parts: payload.parts === true,
    contract: asString(payload.contract),
  }
}

function decodeSubscribe(payload: Fields, requestId: string | undefined): Command {
  const { channels = [], since = [] } = payload
  const positions = decodeSince(since)
  if (requestId === undefined || !isStrings(channels) || !positions) {
    return malformed('a subscribe has a requestId, channels and positions', requestId)
  }
  const names = new Set([...channels, ...positions.keys()])
  if (payload.channels === undefined && !positions.size) {
    return malformed('a subscribe names a channel', requestId)
  }
  const { params } = payload
  return { kind: 'subscribe', requestId, channels: [...names], since: positions, params }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Reads `[[epoch, [name, offset, …]], …]`; returns `undefined` for any other shape. */
function decodeSince(since: unknown): SubscribeCommand['since'] | undefined {
  if (!Array.isArray(since)) return undefined
  const positions = new Map<string, Position>()
  for (const group of since) {
    if (!Array.isArray(group)) return undefined
    const [epoch, places] = group
    if (typeof epoch !== 'string' || !Array.isArray(places)) return undefined
    for (let at = 0; at < places.length; at += 2) {
      const name = asString(places[at])
      const offset = asInteger(places[at + 1], 0)
      if (name === undefined || offset === undefined) return undefined
      positions.set(name, { epoch, offset })
    }
  }
  return positions
}

function decodePublish(wire: Fields, requestId: string | undefined): Command {
  const { channel, id } = wire
  const { type, payload } = asFields(wire.payload)
  if (typeof channel !== 'string') return malformed('a publish has a channel', requestId)
  if (id !== undefined && !isName(id)) return malformed(BAD_ID, requestId)
  if (!isOwnType(type)) {
    return malformed('a publish has the type of an event', requestId)
  }
  const publish = { kind: 'publish', requestId, channel, id: asString(id), type, payload } as const
  return wire.repeated === true ? { ...publish, repeated: true } : publish
}

function decodePresence(
  type: `presence:${PresenceCommand['action']}`,
  { channel, payload }: Fields,
  requestId: string | undefined,
): Command {
  if (typeof channel !== 'string') return malformed('presence has a channel', requestId)
  const action = PRESENCE_ACTIONS[type]
  return { kind: 'presence', requestId, action, channel, meta: asFields(payload).meta }
}

function malformed(reason: string, requestId: string | undefined): Command {
  return { kind: 'malformed', reason, requestId }
}

/** Returns the wire message for a frame; `JSON.stringify` omits `undefined` fields. */
function message(frame: ServerFrame): unknown {
  switch (frame.kind) {
    case 'welcome': {
      const { connectionId, userId, serverTime, heartbeatMs, limits, tag, contract } = frame
      return {
        type: 'welcome',
        payload: { connectionId, userId, serverTime, heartbeatMs, limits, tag, contract },
      }
    }
    case 'subscribed': {
      const at = places(frame.at)
      const refused = frame.refused.size ? codes(frame.refused) : undefined
      const waits = waitsOf(frame.refused)
      const gaps = frame.gaps.length ? frame.gaps : undefined
      return { type: 'subscribed', requestId: frame.to[0], payload: { at, refused, waits, gaps } }
    }
    case 'released':
      return { type: 'unsubscribed', requestId: frame.to[0] }
    case 'unsubscribed':
      return { type: 'unsubscribed', channel: frame.channel, payload: reason(frame.error) }
    case 'reply':
      return { type: 'reply', requestId: frame.to[0], payload: frame.payload, at: frame.at }
    case 'refusal': {
      const { to, error } = frame
      // The client would take the refusal of a publish without an id for that of the connection.
      if (frame.type === 'publish' && !to.length) return undefined
      // A reply is matched by its requestId alone; only an error without one names its channel.
      const channel = to.length ? undefined : error.channel
      return { type: 'error', requestId: to[0], channel, payload: reason(error) }
    }
    case 'ping':
      return { type: 'ping', timestamp: frame.timestamp }
    case 'pong': {
      const { timestamp, serverTime, offsets } = frame
      return {
        type: 'pong',
        payload: { timestamp, serverTime, offsets: offsets && places(offsets) },
      }
    }
    case 'goaway': {
      const { deadlineMs, windowMs, reason } = frame
      return { type: 'goaway', payload: { deadlineMs, windowMs, reason } }
    }
    case 'part':
      return { type: 'part', payload: { text: frame.text, more: frame.more || undefined } }
    case 'receiving':
      return { type: 'receiving' }
    case 'expiring':
      return { type: 'auth:expiring', payload: { expiresAt: frame.expiresAt } }
    case 'opened':
    case 'farewell':
      return undefined
  }
}

function reason({ code, message, retryable, retryAfterMs, details }: Refusal): unknown {
  return { code, message, retryable, retryAfterMs, details }
}

// Object.fromEntries defines its keys, so that a channel may be named `__proto__`.
function places(at: ReadonlyMap<string, Position>): unknown {
  return Object.fromEntries(Array.from(at, ([name, { epoch, offset }]) => [name, [epoch, offset]]))
}

function codes(refused: ReadonlyMap<string, Refusal>): unknown {
  return Object.fromEntries(Array.from(refused, ([name, { code }]) => [name, code]))
}

function waitsOf(refused: ReadonlyMap<string, Refusal>): unknown {
  const waits = [...refused].flatMap(([name, { retryAfterMs }]) =>
    retryAfterMs === undefined ? [] : [[name, retryAfterMs] as const],
  )
  return waits.length ? Object.fromEntries(waits) : undefined
}
