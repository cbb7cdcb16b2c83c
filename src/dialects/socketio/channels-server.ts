import type { Refusal } from '../../base/errors.ts'
import type { Command } from '../../protocol/command.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { Encoded, EventEncoder, ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
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

/** The argument of an acknowledgement that has no other value. */
const DONE = { ok: true }

/**
 * Encoder of the events of channels: the name of an event is its type, the first argument its payload,
 * and the second is `{channel, timestamp, id?}`.
 */
const channelEvents: EventEncoder = {
  encodeEvent({ channel, type, json = 'null', id, timestamp }) {
    // Socket.IO reserves such a name for the events of the connection.
    const name = RESERVED.includes(type) ? `channel:${type}` : type
    return `42[${JSON.stringify(name)},${json},${JSON.stringify({ channel, timestamp, id })}]`
  },
}

/**
 * Makes the server half of a dialect for stock clients of Socket.IO and any channels, for one connection
 * to one namespace. The client's CONNECT is its hello, with the token in its credentials.
 *
 * Events of the client: `subscribe(channel)`, `unsubscribe(channel)`, `publish(channel, type, payload)`;
 * each other one is a request, with its first argument as the payload. Acknowledgements carry the reply,
 * `{ok: true}`, or `{error, code}`.
 */
export function channelsServer(): ServerDialect {
  let isConnected = false

  function encode(frame: ServerFrame): Encoded {
    switch (frame.kind) {
      case 'welcome':
        isConnected = true
        return `40${JSON.stringify({ sid: frame.connectionId })}`
      case 'subscribed': {
        const { refused, to } = frame
        const [first] = refused.values()
        if (to.length) return to.map((key) => ackText('', key, first ? refusalOf(first) : DONE))
        return [...refused].map(([channel, error]) => eventText('error', error, channel))
      }
      case 'released':
        return frame.to.map((key) => ackText('', key, DONE))
      case 'unsubscribed':
        return eventText('unsubscribed', frame.error, frame.channel)
      case 'reply': {
        const value = frame.type === 'publish' ? DONE : frame.payload
        return frame.to.map((key) => ackText('', key, value))
      }
      case 'refusal': {
        const { to, error } = frame
        if (to.length) return to.map((key) => ackText('', key, refusalOf(error)))
        if (isConnected) return eventText('error', error, error.channel, frame.type)
        // Stock clients stay away after a `connect_error`: the end of the connection follows.
        if (error.retryable) return undefined
        const { code, message, retryAfterMs } = error
        return `44${JSON.stringify({ message, data: { code, retryAfterMs } })}`
      }
      case 'farewell':
        if (frame.code === TOO_SLOW_CODE) return eventText('error', TOO_SLOW)
        return FINAL_CODES.includes(frame.code) ? '41' : undefined
      default:
        return undefined
    }
  }

  return {
    name: 'socketio',
    recovery: false,
    dedupes: false,
    codec: packetCodec,
    decode,
    encode,
    encodeEvent: (event) => channelEvents.encodeEvent(event),
    events: () => channelEvents,
  }
}

function decode(wire: unknown): readonly Command[] {
  if (!isPacket(wire)) return [malformed('not a packet of Socket.IO 5')]
  if (wire.kind === 'connect') return [helloOf(wire.data)]
  return wire.kind === 'event' ? [decodeEvent(wire)] : []
}

function decodeEvent({ ack, data }: Extract<ClientPacket, { readonly kind: 'event' }>): Command {
  const [name, ...args]: readonly unknown[] = Array.isArray(data) ? data : []
  const requestId = ackKey(ack)
  if (!isName(name) || RESERVED.includes(name)) {
    return malformed(`the name of an event is ${NAME_RULE}, and not reserved`, requestId)
  }
  if (name === 'subscribe' || name === 'unsubscribe') {
    const [channel] = args
    if (typeof channel !== 'string') return malformed(`${name} has a channel`, requestId)
    const channels = [channel]
    return name === 'subscribe'
      ? { kind: name, requestId, channels, since: new Map() }
      : { kind: name, requestId, channels }
  }
  if (name === 'publish') {
    const [channel, type, payload] = args
    if (typeof channel !== 'string' || typeof type !== 'string') {
      return malformed('publish has a channel and a type', requestId)
    }
    return { kind: name, requestId, channel, id: undefined, type, payload }
  }
  const [payload] = args
  const ordered = requestId === undefined
  return { kind: 'request', requestId, ordered, type: name, channel: undefined, payload }
}

/** @param event the event of the client that is refused */
function eventText(
  name: string,
  error: Refusal,
  channel = error.channel,
  event?: string | undefined,
): string {
  return `42${JSON.stringify([name, { ...refusalOf(error), channel, event }])}`
}
