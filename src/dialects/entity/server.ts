import type { Refusal } from '../../base/errors.ts'
import { presenceChannel } from '../../protocol/channel-name.ts'
import type { Command } from '../../protocol/command.ts'
import { asFields, asNumber, asString, type Fields, isFields } from '../../protocol/fields.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import { presenceMessage } from './server-presence.ts'

/**
 * The server half of the dialect of an entity backend: `{type, channel, payload, requestId,
 * timestamp}`, one message per frame.
 *
 * The client sends no hello, and one channel per subscribe. A reply carries the `requestId` of the
 * message that it answers; replies to messages without one are sent in the order of the messages.
 */
export const entityServer: ServerDialect = {
  name: 'entity',
  recovery: false,
  dedupes: false,
  wholeUsers: true,
  abuseCode: 1008,
  decode: (wire) => (isFields(wire) ? decodeMessage(wire) : [malformed('not an object')]),
  encode(frame, now) {
    const sent = message(frame)
    return sent && JSON.stringify({ ...sent, timestamp: now })
  },
  encodeEvent(event) {
    const { type, channel, json, id, timestamp } = event
    // An event of this type would be taken for the server's greeting.
    if (type === 'connected') return undefined
    if (type.startsWith('presence:')) {
      const sent = presenceMessage(event)
      return sent && JSON.stringify({ ...sent, timestamp })
    }
    const head = JSON.stringify({ type, channel, id })
    // The payload is JSON already: insert it instead of serializing it once per dialect.
    const payload = json === undefined ? '' : `,"payload":${json}`
    return `${head.slice(0, -1)}${payload},"timestamp":${JSON.stringify(timestamp)}}`
  },
}

function decodeMessage(wire: Fields): readonly Command[] {
  const { type, payload } = wire
  const requestId = asString(wire.requestId) || undefined
  if (requestId !== undefined && !isName(requestId)) {
    return [malformed(`a requestId is ${NAME_RULE}`)]
  }
  const channel = asString(wire.channel)
  if (!isName(type)) {
    return [malformed(`a type is ${NAME_RULE}`, requestId)]
  }
  switch (type) {
    case 'subscribe':
    case 'unsubscribe': {
      if (channel === undefined) return [malformed(`a ${type} has a channel`, requestId)]
      const channels = [channel]
      return type === 'subscribe'
        ? [{ kind: type, requestId, channels, since: new Map() }]
        : [{ kind: type, requestId, channels }]
    }
    case 'presence:join':
    case 'presence:leave':
      return decodePresence(type, asFields(payload), requestId)
    case 'ping':
      return [{ kind: 'ping', timestamp: asNumber(wire.timestamp) }]
    case 'pong':
    case 'presence:heartbeat':
      // One heartbeat covers all resources. Every message is a sign of life, so this one needs no
      // command of its own.
      return [{ kind: 'pong' }]
    default: {
      const ordered = requestId === undefined
      return [{ kind: 'request', requestId, ordered, type, channel, payload }]
    }
  }
}

/** Returns the commands of a join or leave, which subscribes or unsubscribes too. */
function decodePresence(
  type: 'presence:join' | 'presence:leave',
  { resource, metadata: meta }: Fields,
  requestId: string | undefined,
): readonly Command[] {
  if (typeof resource !== 'string') return [malformed(`a ${type} has a resource`, requestId)]
  const channel = presenceChannel(resource)
  const channels = [channel]
  const kind = 'presence'
  // The replies to the subscribe and unsubscribe carry no id, in this protocol.
  if (type === 'presence:join') {
    const since = new Map<string, never>()
    return [
      { kind, requestId, action: 'join', channel, meta, subscribes: true },
      { kind: 'subscribe', requestId: undefined, channels, since, ofJoin: true },
    ]
  }
  return [
    { kind, requestId, action: 'leave', channel, meta },
    { kind: 'unsubscribe', requestId: undefined, channels },
  ]
}

function malformed(reason: string, requestId?: string): Command {
  return { kind: 'malformed', reason, requestId }
}

/** Returns the message of a frame, without its timestamp; `undefined` if the protocol has none. */
function message(frame: ServerFrame): Fields | undefined {
  switch (frame.kind) {
    case 'welcome': {
      const { connectionId, userId = null } = frame
      return { type: 'connected', payload: { connectionId, userId } }
    }
    case 'subscribed': {
      const [channel = ''] = frame.channels
      const [requestId] = frame.to
      const refused = frame.refused.get(channel)
      if (refused) return refusalMessage({ ...refused, channel }, requestId, 'subscribe')
      return { type: 'subscribed', channel, requestId }
    }
    case 'released':
      return { type: 'unsubscribed', channel: frame.channels[0], requestId: frame.to[0] }
    case 'unsubscribed': {
      const { channel, error } = frame
      return { type: 'unsubscribed', channel, payload: inWords(error, undefined) }
    }
    case 'reply': {
      const { type, payload } = frame
      // A join is answered by `subscribed` and the list of members, a leave by `unsubscribed`.
      if (type.startsWith('presence:')) return undefined
      return { type, requestId: frame.to[0], payload }
    }
    case 'refusal':
      return refusalMessage(frame.error, frame.to[0], frame.type)
    case 'ping':
      return { type: 'ping' }
    case 'pong':
      // One without a time only carries positions, which this protocol does not have.
      return frame.serverTime === undefined ? undefined : { type: 'pong' }
    case 'goaway':
    case 'part':
    case 'receiving':
    case 'expiring':
    case 'opened':
    case 'farewell':
      return undefined
  }
}

function refusalMessage(
  error: Refusal,
  requestId: string | undefined,
  type: string | undefined,
): Fields {
  const channel = requestId === undefined ? error.channel : undefined
  return { type: 'error', channel, requestId, payload: inWords(error, type) }
}

/** Returns the code and message of a refusal in the words of the backend. */
function inWords(error: Refusal, type: string | undefined): Fields {
  const { code, retryAfterMs, details } = error
  switch (code) {
    case 'subscription-limit': {
      const { limit, most } = asFields(details)
      if (limit !== 'subscriptions') break
      return { code: 'SUBSCRIPTION_LIMIT', message: `Maximum ${most} subscriptions allowed` }
    }
    case 'unknown-type':
      return { code: 'UNKNOWN_MESSAGE_TYPE', message: `Unknown message type: ${type}` }
    case 'not-authenticated': {
      const message = type?.startsWith('presence:')
        ? 'Must be authenticated for presence'
        : error.message
      return { code: 'UNAUTHENTICATED', message }
    }
    case 'rate-limited':
      return { code: 'RATE_LIMITED', message: 'Too many messages', retryAfterMs }
  }
  const spelled = code.toUpperCase().replaceAll('-', '_')
  return { code: spelled, message: error.message, retryAfterMs, details }
}
