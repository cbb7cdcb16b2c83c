import { unsupported } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import { attach, detach } from '../../protocol/attachments.ts'
import { binaryCodec } from '../../protocol/binary-codec.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent, SubscribeIntent, UnsubscribeIntent } from '../../protocol/intent.ts'
import { RESERVED } from './acks.ts'
import { type AckErrors, refusal } from './failures.ts'
import { PING, PONG, welcome } from './handshake.ts'
import { MOST_ATTACHMENTS, type Packet, packetOf } from './packet.ts'
import { argumentsFor, membershipEvent, only, placeOf, type RoomOptions } from './rooms.ts'

/** Options of {@link socketio}: the meaning of the application's own events. */
export interface SocketIoOptions extends RoomOptions {
  /**
   * The way in which the server confirms that a room is joined or left: by the acknowledgement of the event; by an
   * event of its own, which names the room as all events do, or by one that refuses it; or not at all, so that a
   * channel is live once it is joined.
   * @default 'ack'
   */
  readonly confirms?:
    | 'ack'
    | 'none'
    | {
        readonly joined: string
        readonly refused?: string | undefined
      }
    | undefined
  /**
   * The form in which an acknowledgement reports a failure.
   * @default 'field'
   */
  readonly errors?: AckErrors | undefined
  /**
   * Returns the arguments of a request or publish.
   * @default the payload, and the room of its channel where `room` is an index or a field
   */
  readonly args?:
    | ((type: string, payload: unknown, channel: string | undefined) => readonly unknown[])
    | undefined
  /**
   * Returns the `auth` of CONNECT, from the token of the client's `auth`; `namespace` is that of a channel.
   * @default `{ token }`
   */
  readonly auth?: ((token: string | undefined, namespace?: string) => object) | undefined
}

/** Begins the ids of events that want an acknowledgement. */
const ANSWER = 'ack:'

/**
 * Makes the dialect of any Socket.IO server (protocol 5). A channel is a room, which the application's own events
 * join, leave and name; a name that begins with `/` is a namespace; events that name no room belong to the
 * channel `socket`. Requests are events with an acknowledgement; `acknowledge` answers those of the server.
 *
 * Use it with the transport `engineIoTransport`, or with `socketioClient`.
 *
 * @example
 * import { RealtimeClient, webSocketTransport } from 'wirefold'
 * import { engineIoTransport, socketio } from 'wirefold/dialects/socketio'
 *
 * const client = new RealtimeClient('wss://api.example.com', {
 *   dialect: socketio({ join: 'join', leave: 'leave', room: 0 }),
 *   transport: engineIoTransport(webSocketTransport()),
 * })
 */
export function socketio(options: SocketIoOptions = {}): DialectFactory {
  const { join, confirms = 'ack', errors, auth = (token) => ({ token }) } = options
  checkNames('socketio', options, {
    ...{ prefix: 0, join, leave: 0, room: 0, confirms, errors, args: 0, auth },
  })
  const byEvent = typeof confirms === 'object' ? confirms : undefined
  return () => {
    let nextNumber = 0
    let token: string | undefined
    /** Begins the ids of this connection's events that want an acknowledgement. */
    let answers = ANSWER
    /** The ids of sessions that the server can recover, by namespace: the epochs of channels. */
    const sessions = new Map<string, string | undefined>()
    /** Channels by the keys of their subscribes, which an acknowledgement confirms. */
    const joining = new Map<string, string>()
    /** A packet whose attachments have not all arrived, and those that have. */
    let partial: { readonly packet: Packet; readonly bytes: Uint8Array[] } | undefined

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      switch (intent.kind) {
        case 'hello':
          token = intent.token
          return [{ wire: ['connect', auth(token)], keys: [] }]
        case 'pong':
          return [{ wire: PONG, keys: [] }]
        case 'subscribe':
        case 'unsubscribe':
          return intent.channels.flatMap((channel) => membership(intent, channel))
        case 'request':
        case 'publish': {
          const { type, channel = '', payload, id } = intent
          if (id?.startsWith(ANSWER)) {
            // The server of a later connection does not know the question.
            if (!id.startsWith(answers)) return []
            const [ack, namespace] = id.slice(answers.length).split(' ')
            return messages(3, payload === undefined ? [] : [payload], [], [], namespace, ack)
          }
          if (RESERVED.includes(type)) return undefined
          const data =
            options.args?.(type, payload, channel) ?? argumentsFor(options, channel, payload)
          const ack = `${nextNumber++}`
          const keys = [`ack:${ack}`]
          const space = isNamespace(channel) ? channel : ''
          if (intent.kind === 'request')
            return [...enter(space), ...messages(2, [type, ...data], keys, [], space, ack)]
          const sent = messages(2, [type, ...data], [], [], space)
          // What a namespace refuses is not published.
          return space ? [...enter(space), ...sent, ...messages(5, [], keys, [], space, ack)] : sent
        }
        default:
          return undefined
      }
    }

    /** Returns the messages that join or leave a channel. */
    function membership(
      intent: SubscribeIntent | UnsubscribeIntent,
      channel: string,
    ): readonly Outgoing[] {
      const joins = intent.kind === 'subscribe'
      const ack = `${nextNumber++}`
      const key = `ack:${ack}`
      const channels = [channel]
      const space = isNamespace(channel) ? channel : ''
      const event = space ? undefined : membershipEvent(options, channel, intent)
      if (event && joins && byEvent) return messages(2, event, [key, `in ${channel}`], channels)
      if (joins) joining.set(key, channel)
      else if (space) return messages(1, [], [], channels, space)
      if (event && confirms === 'ack') return messages(2, event, [key], channels, '', ack)
      const sent = event ? messages(2, event, [], joins ? [] : channels) : enter(space)
      // The transport acknowledges it, once the welcome has said whether the session is that of before.
      return joins ? [...sent, ...messages(5, [], [key], channels, space, ack)] : sent
    }

    /** Returns the CONNECT of a namespace, which precedes its packets; see packet.ts. */
    function enter(space: string): readonly Outgoing[] {
      return space ? messages(0, [auth(token, space)], [], [], space) : []
    }

    function decode(wire: unknown): Frame | readonly Frame[] | undefined {
      if (wire === PING) return { kind: 'ping', timestamp: undefined }
      if (Array.isArray(wire) && wire[0] === 'connect') return accepted('', wire[1], wire[2])
      if (partial && wire instanceof Uint8Array) {
        const { packet, bytes } = partial
        const [type, attachments, namespace, ack, data] = packet
        if (bytes.push(wire) < attachments) return undefined
        partial = undefined
        return read([type, 0, namespace, ack, data.map((one) => attach(one, bytes))])
      }
      const packet = packetOf(wire)
      if (!packet) return malformed(wire)
      if (!packet[1]) return read(packet)
      partial = { packet, bytes: [] }
      return undefined
    }

    function read([type, , namespace, ack, data]: Packet): Frame | readonly Frame[] {
      const [first, ...args] = data
      if (type === 2 && typeof first === 'string') return event(namespace, ack, first, args)
      if (type === 3 && ack) return acknowledged(`ack:${ack}`, data)
      if (!namespace) return malformed(data)
      if (type === 0) return accepted(namespace, first)
      if (type === 1) return unsubscribedFrame(namespace, { code: 'server-disconnect' })
      // The transport has refused what was sent to it.
      if (type === 4) return []
      return malformed(data)
    }

    function event(namespace: string, ack: string, type: string, args: readonly unknown[]) {
      const { channel, payload } = namespace
        ? { channel: namespace, payload: only(args) }
        : placeOf(options, type, args)
      const id = ack && `${answers}${ack} ${namespace}`
      const frame = eventFrame(channel, type, { payload, id: id || undefined })
      const key = `in ${channel}`
      if (type === byEvent?.joined) return [live(key, channel), frame]
      if (type !== byEvent?.refused) return frame
      return [frame, refusal(key, asFields(payload).error ?? payload, payload)]
    }

    function acknowledged(key: string, data: readonly unknown[]): Frame {
      const [first, ...rest] = data
      const isNode = errors === 'node'
      const error = isNode ? first : asFields(first).error
      const channel = joining.get(key)
      joining.delete(key)
      if (error) return refusal(key, error, first)
      if (channel !== undefined) return live(key, channel)
      return replyFrame([key], only(isNode ? rest : data))
    }

    function accepted(namespace: string, data: unknown, open?: unknown): readonly Frame[] {
      const fields = asFields(data)
      sessions.set(namespace, asString(fields.pid))
      if (namespace) return []
      answers = `${ANSWER}${asString(fields.sid)} `
      return [welcome(fields, asFields(open))]
    }

    /**
     * Returns the confirmation of a subscribe. In a session that the server has recovered, which has replayed
     * its events, a channel is in the epoch of before, at the one position of that.
     */
    function live(key: string, channel: string): Frame {
      const epoch = sessions.get(isNamespace(channel) ? channel : '')
      return subscribedFrame(
        [key],
        epoch ? { at: new Map([[channel, { epoch, offset: 0 }]]) } : { gaps: [channel] },
      )
    }

    return {
      name: 'socketio',
      capabilities: {
        acks: true,
        recovery: true,
        presence: false,
        dedupes: false,
        families: false,
        batches: false,
      },
      presets: {},
      heartbeat: 'server',
      codec: binaryCodec,
      protocols: [],
      // The transports report a disconnect by the server with this code.
      fatalCloseCodes: [1008],
      url: (base) => base,
      match: () => false,
      encode,
      decode,
      channelOf: (name) => (join && !isNamespace(name) ? name : undefined),
    }
  }
}

function isNamespace(channel: string): boolean {
  return channel.startsWith('/')
}

function malformed(wire: unknown): Frame {
  return noticeFrame('malformed', 'it is no packet', wire)
}

/** Returns the message of a packet, and those of its attachments. */
function messages(
  type: number,
  data: readonly unknown[],
  keys: readonly string[],
  channels: readonly string[],
  namespace = '',
  ack = '',
): readonly Outgoing[] {
  const bytes: Uint8Array[] = []
  const plain = data.map((one) => detach(one, bytes))
  if (bytes.length > MOST_ATTACHMENTS)
    throw unsupported('socketio', `more than ${MOST_ATTACHMENTS} binary values`)
  const wire = [[type, bytes.length, namespace, ack], ...plain]
  return [{ wire, keys, channels }, ...bytes.map((wire) => ({ wire, keys: [], channels: [] }))]
}
