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
import {
  eventFrame,
  noticeFrame,
  pingFrame,
  pongFrame,
  readTyped,
  refusalFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
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
  channelOf: (name) => name,
  decode: (wire) => (Array.isArray(wire) ? wire.map(decode) : decode(wire)),
  encode(intent) {
    return [{ wire: message(intent), keys: 'requestId' in intent ? [intent.requestId] : [] }]
  },
}

/** The native dialect, `wirefold.v1`; see `docs/protocol.md`. */
export const native: DialectFactory = () => dialect

/** Returns the wire message for an intent; `JSON.stringify` omits `undefined` fields. */
function message(intent: Intent): object {
  const { requestId, id, repeated, timestamp }: Envelope = intent
  let { kind: type, channel }: Envelope = intent
  let payload: unknown
  switch (intent.kind) {
    case 'hello': {
      const { clientId, senderId, token, expectUser, contract } = intent
      const own = { contract, agent: 'wirefold', parts: true }
      payload = { protocol: 1, clientId, senderId, token, expectUser, ...own }
      break
    }
    case 'subscribe':
      payload = subscribePayload(intent)
      break
    case 'unsubscribe':
      payload = { channels: intent.channels }
      break
    case 'request':
      type = intent.type
      payload = intent.payload
      break
    case 'publish':
      payload = { type: intent.type, payload: intent.payload }
      break
    case 'presence':
      type = `presence:${intent.action}`
      channel = `presence:${intent.resource}`
      payload = { meta: intent.meta }
      break
    case 'auth':
      payload = { token: intent.token }
  }
  return { type, channel, payload, id, repeated, requestId, timestamp }
}

/** Fields of messages that only some intents have. */
interface Envelope {
  readonly kind: string
  readonly timestamp: number | undefined
  readonly requestId?: string
  readonly channel?: string | undefined
  readonly id?: string | undefined
  readonly repeated?: boolean | undefined
}

function subscribePayload({ channels, since, params }: SubscribeIntent): unknown {
  if (!since.size) return { channels, params }
  const anew = since.size < channels.length ? channels.filter((name) => !since.has(name)) : []
  const byEpoch = new Map<string, (string | number)[]>()
  for (const [channel, { epoch, offset }] of since) {
    const group = byEpoch.get(epoch)
    if (group) group.push(channel, offset)
    else byEpoch.set(epoch, [channel, offset])
  }
  return { channels: anew, since: [...byEpoch], params }
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
  if (type === 'error') {
    const to = requestId ? [requestId] : []
    return refusalFrame(to, asFields(wire.payload), requestId ? undefined : channel)
  }
  if (requestId) return decodeAnswer(type, [requestId], wire)
  if (!channel) return decodeOwn(type, wire)
  return type === 'unsubscribed'
    ? unsubscribedFrame(channel, asFields(wire.payload))
    : eventFrame(channel, type, wire)
}

function decodeAnswer(type: string, to: readonly string[], wire: Fields): Frame {
  const { payload } = wire
  if (type !== 'subscribed') return replyFrame(to, payload, positions(wire.at))
  const { at, refused, waits, gaps } = asFields(payload)
  const retryAfterMs = asFields(waits)
  return subscribedFrame(to, {
    at: places(at),
    refused: new Map(
      Object.entries(asFields(refused)).map(([name, code]) => [
        name,
        { ...readRefusal({ code, retryAfterMs: retryAfterMs[name] }), channel: name },
      ]),
    ),
    gaps: asStrings(gaps),
  })
}

function decodeOwn(type: string, wire: Fields): Frame {
  const payload = asFields(wire.payload)
  switch (type) {
    case 'welcome':
      return welcomeFrame(payload)
    case 'ping':
      return pingFrame(wire.timestamp)
    case 'pong':
      return pongFrame(payload, isFields(payload.offsets) ? places(payload.offsets) : undefined)
    case 'goaway':
      return {
        kind: 'goaway',
        deadlineMs: asNumber(payload.deadlineMs, 0) ?? 0,
        windowMs: asNumber(payload.windowMs, 0) ?? 0,
        reason: asString(payload.reason) ?? '',
      }
    case 'part': {
      const text = asString(payload.text)
      if (text === undefined) return noticeFrame('malformed', 'no text', wire)
      return { kind: 'part', text, more: payload.more === true }
    }
    case 'receiving':
      return { kind: 'part', text: '', more: true }
    case 'auth:expiring':
      return { kind: 'expiring', expiresAt: asNumber(payload.expiresAt) }
    default:
      return noticeFrame('malformed', 'unknown type', wire)
  }
}

/** Reads `{name: [epoch, offset]}`; entries of another shape are skipped. */
function places(value: unknown): ReadonlyMap<string, Position> {
  const result = new Map<string, Position>()
  // Mostly they are equal. Each channel keeps its own: one text for all saves memory.
  let epoch: unknown
  for (const [name, place] of Object.entries(asFields(value))) {
    if (!Array.isArray(place)) continue
    if (place[0] !== epoch) epoch = place[0]
    const position = asPosition(epoch, place[1], 0)
    if (position) result.set(name, position)
  }
  return result
}

/** Reads `[{channel, epoch, offset}]`; items of another shape are skipped. */
function positions(value: unknown): readonly ChannelPosition[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.flatMap((item) => {
    const { channel, epoch, offset } = asFields(item)
    const position = asPosition(epoch, offset, 1)
    return typeof channel === 'string' && position ? [{ channel, ...position }] : []
  })
}

function asPosition(epoch: unknown, offset: unknown, least: number): Position | undefined {
  const number = asInteger(offset, least)
  return typeof epoch === 'string' && number !== undefined ? { epoch, offset: number } : undefined
}
