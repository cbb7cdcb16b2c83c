import type { Refusal } from '../../base/errors.ts'
import type { Command } from '../../protocol/command.ts'
import { type Fields, isFields } from '../../protocol/fields.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { Encoded, EventEncoder, ServerDialect } from '../../protocol/server-dialect.ts'
import type { GrantedFrame, ServerFrame } from '../../protocol/server-frame.ts'
import { RESERVED } from './acks.ts'
import { type ClientPacket, packetCodec } from './server-codec.ts'
import {
  ackKey,
  ackText,
  FINAL_CODES,
  helloOf,
  isPacket,
  malformed,
  refusalOf,
  TOO_SLOW,
  TOO_SLOW_CODE,
} from './server-packets.ts'
import { sessionChannel } from './sessions.ts'

/** Interval of the server's pings, and time within which a client answers one, in milliseconds. */
const PING_MS = 25_000
const ANSWER_MS = 20_000

/** Names of the server's own events. */
const OWN_EVENTS = [...RESERVED, 'connected', 'subscribed', 'unsubscribed']

/** The event `error` of a session, as other dialects know it: they reserve the name `error`. */
const SESSION_ERROR = 'session:error'

/** Key of a CONNECT that is refused; its prefix follows. */
const CONNECT = 'connect:'

/** Frames that a client receives after its DISCONNECT. */
const AFTERWARDS: readonly string[] = ['ping', 'pong', 'reply', 'refusal']

/** Why a message is refused after that. */
const LEFT = 'the client has disconnected'

const NO_EVENTS: EventEncoder = { encodeEvent: () => undefined }

/**
 * Makes the server half of the dialect of sessions over Socket.IO: Engine.IO 4 and Socket.IO 5 as
 * text messages of a WebSocket, in one namespace, for one connection.
 *
 * The client's CONNECT is its hello, with the token in its credentials. Events with an
 * acknowledgement are requests; those without one are requests that nothing replies to. Once the
 * client has sent its DISCONNECT, it is unsubscribed from all sessions and served no more.
 *
 * @param namespace of the connection; its events are sent by {@link sessionEvents} of the same one
 */
export function socketioServer(namespace: string, events: EventEncoder): ServerDialect {
  const own = prefixOf(namespace)
  let isConnected = false
  let hasLeft = false
  /** The channels that the client has subscribed to, or asked for. */
  const wanted = new Set<string>()

  const event = (name: string, now: number, fields: Fields): string => {
    const timestamp = new Date(now).toISOString()
    return `42${own}${JSON.stringify([name, { ...fields, timestamp }])}`
  }
  const acknowledgement = (key: string, value: unknown): string => ackText(own, key, value)
  const refusedText = (key: string, error: Refusal): string => {
    if (!key.startsWith(CONNECT)) return acknowledgement(key, refusalOf(error))
    const prefix = key.slice(CONNECT.length)
    return connectError(prefix, error, prefix === own ? error.message : 'Invalid namespace')
  }

  function decode(wire: unknown): readonly Command[] {
    if (!isPacket(wire)) return [malformed('not a packet of Socket.IO 5')]
    switch (wire.kind) {
      case 'ping':
        return [{ kind: 'ping', timestamp: undefined }]
      case 'pong':
        return [{ kind: 'pong' }]
      case 'disconnect':
        // The client closes the socket itself.
        return prefixOf(wire.namespace) === own ? leave() : []
      case 'connect': {
        const prefix = prefixOf(wire.namespace)
        if (prefix === own && !hasLeft) return [helloOf(wire.data)]
        return [malformed(prefix === own ? LEFT : 'no such namespace', CONNECT + prefix)]
      }
      case 'event':
        return [hasLeft ? malformed(LEFT, ackKey(wire.ack)) : noted(decodeEvent(wire, own))]
    }
  }

  function leave(): readonly Command[] {
    hasLeft = true
    isConnected = false
    if (!wanted.size) return []
    return [{ kind: 'unsubscribe', requestId: undefined, channels: [...wanted] }]
  }

  function noted(command: Command): Command {
    if (command.kind === 'subscribe') for (const channel of command.channels) wanted.add(channel)
    if (command.kind === 'unsubscribe') {
      for (const channel of command.channels) wanted.delete(channel)
    }
    return command
  }

  function encode(frame: ServerFrame, now: number): Encoded {
    if (hasLeft && !AFTERWARDS.includes(frame.kind)) return undefined
    switch (frame.kind) {
      case 'opened': {
        const { connectionId: sid, frameBytes: maxPayload } = frame
        const times = { pingInterval: PING_MS, pingTimeout: ANSWER_MS }
        return `0${JSON.stringify({ sid, upgrades: [], ...times, maxPayload })}`
      }
      case 'welcome': {
        const { connectionId: socketId } = frame
        isConnected = true
        return [
          `40${own}${JSON.stringify({ sid: socketId })}`,
          event('connected', now, { socketId }),
        ]
      }
      case 'subscribed':
        return encodeSubscribed(frame, now)
      case 'released': {
        const texts = frame.channels.map((channel) =>
          event('unsubscribed', now, { sessionId: sessionOf(channel) }),
        )
        return [...texts, ...frame.to.map((key) => acknowledgement(key, undefined))]
      }
      case 'unsubscribed': {
        const sessionId = sessionOf(frame.channel)
        wanted.delete(frame.channel)
        return [
          event('error', now, { sessionId, error: frame.error.message }),
          event('unsubscribed', now, { sessionId }),
        ]
      }
      case 'reply':
        return frame.to.map((key) => acknowledgement(key, frame.payload))
      case 'refusal': {
        const { to, error } = frame
        if (to.length) return to.map((key) => refusedText(key, error))
        if (isConnected) return event('error', now, { error: error.message })
        // Stock clients stay away after a `connect_error`: the end of the connection follows.
        return error.retryable ? undefined : connectError(own, error, error.message)
      }
      case 'farewell':
        if (frame.code === TOO_SLOW_CODE) return event('error', now, { error: TOO_SLOW.message })
        return FINAL_CODES.includes(frame.code) ? `41${own}` : undefined
      case 'ping':
        return '2'
      case 'pong':
        // One without a time only carries positions, which this protocol does not have.
        return frame.serverTime === undefined ? undefined : '3'
      default:
        return undefined
    }
  }

  function encodeSubscribed({ channels, refused, to }: GrantedFrame, now: number): Encoded {
    const texts = channels.map((channel) => {
      const sessionId = sessionOf(channel)
      const error = refused.get(channel)
      if (!error) return event('subscribed', now, { sessionId })
      wanted.delete(channel)
      const text = error.code === 'bad-channel' ? 'Invalid session id' : error.message
      return event('error', now, { sessionId, error: text })
    })
    const [first] = refused.values()
    return [...texts, ...to.map((key) => acknowledgement(key, first && refusalOf(first)))]
  }

  return {
    name: 'socketio',
    recovery: false,
    dedupes: false,
    pings: { everyMs: PING_MS, timeoutMs: PING_MS + ANSWER_MS },
    codec: packetCodec,
    decode,
    encode,
    encodeEvent: (event) => events.encodeEvent(event),
    events: () => (hasLeft ? NO_EVENTS : events),
  }
}

/**
 * Makes the encoder of the events of sessions. The first argument is the payload with the session's
 * id, and the time of the event in ISO 8601; a payload that is no object is its field `value`. The
 * event `session:error` is sent as `error`.
 */
export function sessionEvents(namespace: string): EventEncoder {
  const prefix = prefixOf(namespace)
  return {
    encodeEvent({ channel, type, json, timestamp: sentAt }) {
      const sessionId = sessionOf(channel)
      if (sessionId === undefined) return undefined
      const value: unknown = json === undefined ? undefined : JSON.parse(json)
      const fields = isFields(value) || value === undefined ? value : { value }
      const timestamp = new Date(sentAt).toISOString()
      // An event of such a name would be taken for one of the protocol.
      const own = OWN_EVENTS.includes(type) ? `session:${type}` : type
      const name = type === SESSION_ERROR ? 'error' : own
      return `42${prefix}${JSON.stringify([name, { ...fields, sessionId, timestamp }])}`
    },
  }
}

function decodeEvent(
  { namespace, ack, data }: Extract<ClientPacket, { readonly kind: 'event' }>,
  own: string,
): Command {
  const [type, payload]: readonly unknown[] = Array.isArray(data) ? data : []
  const requestId = ackKey(ack)
  if (prefixOf(namespace) !== own) return malformed('not connected to this namespace', requestId)
  if (!isName(type) || RESERVED.includes(type)) {
    return malformed(`the name of an event is ${NAME_RULE}, and not reserved`, requestId)
  }
  if (type === 'subscribe' || type === 'unsubscribe') {
    if (typeof payload !== 'string' || payload === '') {
      return malformed(`${type} has a session id`, requestId)
    }
    const channels = [sessionChannel(payload)]
    return type === 'subscribe'
      ? { kind: type, requestId, channels, since: new Map() }
      : { kind: type, requestId, channels }
  }
  const ordered = requestId === undefined
  return { kind: 'request', requestId, ordered, type, channel: undefined, payload }
}

function connectError(prefix: string, { code }: Refusal, message: string): string {
  return `44${prefix}${JSON.stringify({ message, data: { code } })}`
}

function prefixOf(namespace: string): string {
  return namespace === '/' ? '' : `${namespace},`
}

/** Returns the id of the session of a channel; `undefined` for any other channel. */
function sessionOf(channel: string): string | undefined {
  const prefix = sessionChannel('')
  return channel.startsWith(prefix) ? channel.slice(prefix.length) : undefined
}
