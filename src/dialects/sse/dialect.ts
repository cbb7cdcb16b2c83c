import { checkNames, withDefaults } from '../../base/known-names.ts'
import { channelName, channelWith } from '../../protocol/channel-name.ts'
import type { Dialect, DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame, Position } from '../../protocol/frame.ts'
import {
  droppedFrame,
  endedFrame,
  eventFrame,
  noticeFrame,
  pongFrame,
  refusalFrame,
  replyFrame,
  subscribedFrame,
  unsubscribedFrame,
} from '../../protocol/frame-constructors.ts'
import type { HttpOrder } from '../../protocol/http-message.ts'
import type { Intent, SubscribeIntent } from '../../protocol/intent.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import type { SseDialectOptions, SseReading, SseRequest } from './options.ts'
import { errorIn, isTemporary, refusalOf } from './refusal.ts'

const defaults = {
  request: ({ type, channel, payload }: SseRequest) => ({
    url: '',
    body: { type, channel, payload },
  }),
  read: (): SseReading => ({}),
  data: 'json',
  replays: false,
} as const

/** The data that ends the answer of a language model. */
const DONE = '[DONE]'
/** The name of the stream that all channels share. */
const SHARED = ''
/** The position of every channel: the client sends the last id in place of one. */
const HERE: Position = { epoch: 'stream', offset: 0 }
/** A position that differs from that of every channel. */
const ELSEWHERE: Position = { epoch: 'stream', offset: 1 }
/** Close codes after which a later request for the stream would fail, too; 1002 is that of another type, 1008 that of 204. */
const FATAL = [1002, 1008, 4400, 4402, 4403, 4404, 4405, 4406, 4410]

/**
 * Makes the dialect of a backend that sends server-sent events and takes HTTP requests. Needs a transport
 * that exchanges HTTP messages: `sseStreamsTransport()`, or `sseTransport({ messages: 'http' })` where the
 * address of the client is the one stream. Throws `bad-option` for an option of an unknown name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { sse } from 'wirefold/dialects/sse'
 * import { sseTransport } from 'wirefold/transports'
 *
 * const client = new RealtimeClient('https://api.example.com/events', {
 *   dialect: sse({ replays: true }),
 *   transport: sseTransport({ messages: 'http' }),
 * })
 */
export function sse(options: SseDialectOptions = {}): DialectFactory {
  const { stream, sharedStream, request, publish, read, data, replays } = withDefaults(
    'sse',
    options,
    { ...defaults, stream: undefined, sharedStream: undefined, publish: undefined },
  )
  if (stream) checkNames<object>('sse with stream', { sharedStream }, { stream })

  const make = stream
    ? (name: string, params: unknown) => stream(channelName(name), params)
    : sharedStream &&
      ((_: string, __: unknown, { channels }: Followed) => sharedStream([...channels]))

  return (): Dialect => {
    const streams = new Map<string, Followed>()
    const subscribes = new Map<string, Asked>()

    /** Returns the message that subscribes to channels of one stream. */
    function subscribe(
      id: string,
      name: string,
      channels: readonly string[],
      { since, params }: SubscribeIntent,
    ): Outgoing {
      const one: Followed = streams.get(name) ?? {
        channels: new Set(),
        lost: new Set(),
        isOpen: false,
        once: false,
      }
      streams.set(name, one)
      const isAgain = channels.some((channel) => since.has(channel))
      let isCovered = one.isOpen && (isAgain || !stream)
      for (const channel of channels) {
        if (one.channels.has(channel)) continue
        one.channels.add(channel)
        if (make) isCovered = false
        // The ids of a stream that names its channels have advanced without this one.
        if (make ? one.isWhole !== undefined : one.isWhole === false) one.lost.add(channel)
      }
      let order: HttpOrder = { id }
      const asked = { name, one, channels, isLost: false }
      if (make && !isCovered) {
        const { once, ...wanted } = make(name, params, one)
        one.once = once ?? wanted.body !== undefined
        asked.isLost = one.once && isAgain
        one.isOpen = false
        const resume = (isAgain || !stream) && (replays || !one.once)
        order = { id, stream: name, request: wanted, resume, once: asked.isLost }
      }
      subscribes.set(id, asked)
      return { wire: order, keys: [id], channels }
    }

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      switch (intent.kind) {
        case 'subscribe': {
          const { channels, requestId } = intent
          return stream
            ? channels.map((name, at) => subscribe(`${requestId}.${at}`, name, [name], intent))
            : [subscribe(requestId, SHARED, channels, intent)]
        }
        case 'unsubscribe':
          return intent.channels.flatMap((channel) => {
            const name = stream ? channel : SHARED
            const one = streams.get(name)
            one?.channels.delete(channel)
            if (!make || one?.channels.size) return []
            streams.delete(name)
            return [{ wire: { stream: name }, keys: [], channels: [channel] }]
          })
        case 'request':
        case 'publish': {
          const by = intent.kind === 'request' ? request : publish
          const { type, channel, payload, requestId: id, id: eventId } = intent
          return (
            by && [
              { wire: { id, request: by({ type, channel, payload, id, eventId }) }, keys: [id] },
            ]
          )
        }
        case 'auth':
          return [{ wire: { token: intent.token }, keys: [] }]
        default:
          return undefined
      }
    }

    function subscribed(id: string, { one, channels }: Asked, resumed: boolean) {
      if (!one.isOpen) {
        one.isOpen = true
        one.isWhole = replays && resumed
        if (!one.isWhole) loseAll(one)
      }
      const at = new Map(channels.map((channel) => [channel, HERE]))
      const gaps = channels.filter((channel) => one.lost.delete(channel))
      const frame = subscribedFrame([id], { at, gaps })
      return one.lost.size > 0 ? [frame, askAgain(one)] : frame
    }

    function answer(id: string, status: number, wire: Fields): Frame | readonly Frame[] {
      const asked = subscribes.get(id)
      subscribes.delete(id)
      const retryAfterMs = asNumber(wire.retryAfterMs, 0)
      if (asked && status === 200) return subscribed(id, asked, wire.resumed === true)
      const body = bodyOf(wire.body)
      const refusal = refusalOf(status, body, retryAfterMs)
      if (!asked) {
        if (status >= 200 && status < 300) return replyFrame([id], body)
        const frame = refusalFrame([id], refusal)
        return status === 401 ? [frame, { kind: 'expiring', expiresAt: undefined }] : frame
      }
      const { name, one, channels } = asked
      const isRetried = isTemporary(status) && !one.once
      if (!isRetried) {
        for (const channel of channels) one.channels.delete(channel)
        if (stream) streams.delete(name)
      }
      // The stream of the other channels has ended with it.
      const others = [...one.channels].map(droppedFrame)
      if (isRetried && retryAfterMs === undefined) return others
      const error = asked.isLost && status === 0 ? STREAM_LOST : refusal
      return [
        ...(status === 204 ? channels.map(endedFrame) : [refusalFrame([id], error)]),
        ...others,
      ]
    }

    function event(
      type: string,
      name: string,
      wire: Fields,
      text: string,
    ): Frame | readonly Frame[] {
      const one = streams.get(name)
      const own = stream && name
      const isFailed = one?.once && type === 'error'
      let value: unknown = text
      try {
        if (data === 'json' && text && text !== DONE) value = jsonCodec.decode(text)
      } catch {
        if (!isFailed) return noticeFrame('malformed', 'its data is not JSON', wire)
      }
      const channel = own && channelName(own)
      const lastEventId = asString(wire.lastEventId) ?? ''
      const ended = stream && text === DONE
      const says: SseReading | undefined = ended
        ? { ended }
        : read({ type, data: value, lastEventId, channel })
      if (!says) return noticeFrame('ignored', 'it is skipped', wire)
      if (one && says.gap) return askAgain(loseAll(one))
      const to = channel ?? says.channel ?? asString(asFields(value).channel)
      if (!to) return noticeFrame('malformed', 'it names no channel', wire)
      const isRefused = isFailed || says.error
      if (says.ended || isRefused) {
        // A later subscribe requests the stream again.
        if (own) streams.delete(own)
        else one?.channels.delete(to)
        return isRefused
          ? unsubscribedFrame(own ?? to, { ...errorIn(says.error ?? value), details: value })
          : endedFrame(own ?? to)
      }
      const { payload = value, id } = says
      return eventFrame(to, says.type ?? type, { payload, id, via: own === to ? undefined : own })
    }

    function ended(name: string, isClosed: boolean, wire: Fields): readonly Frame[] {
      const one = streams.get(name)
      if (!one) return []
      one.isOpen = false
      const channels = [...one.channels]
      if (!one.once) return channels.map(droppedFrame)
      if (isClosed) streams.delete(name)
      return channels.map((channel) => {
        if (isClosed) return endedFrame(channel)
        return wire.lastEventId && replays
          ? droppedFrame(channel)
          : unsubscribedFrame(channel, STREAM_LOST)
      })
    }

    return {
      ...plainDialect,
      name: 'sse',
      capabilities: { ...plainDialect.capabilities, acks: true, recovery: replays },
      fatalCloseCodes: FATAL,
      // The token is sent as a header.
      url: (base) => base,
      ...(stream && { channelOf: channelWith }),
      encode,
      decode(wire) {
        const fields = asFields(wire)
        const { id, status, type, data, end, stream: name = SHARED } = fields
        if (typeof name === 'string') {
          if (typeof type === 'string' && typeof data === 'string')
            return event(type, name, fields, data)
          if (end !== undefined) return ended(name, end === 'closed', fields)
        }
        if (typeof id === 'string' && typeof status === 'number') return answer(id, status, fields)
        return noticeFrame('malformed', "it is no event; give the transport messages: 'http'", wire)
      },
    }
  }
}

const STREAM_LOST = {
  code: 'stream-lost',
  message: 'the stream was lost. Subscribe again to ask anew',
}

/** Returns the value of a body: of its JSON, or its text; `undefined` for an empty one. */
function bodyOf(body: unknown): unknown {
  if (body === '') return undefined
  try {
    return jsonCodec.decode(body)
  } catch {
    return asString(body)
  }
}

/** A stream, and the channels whose events it carries. */
interface Followed {
  readonly channels: Set<string>
  /** Channels that may have missed events, and do not know yet. */
  readonly lost: Set<string>
  isOpen: boolean
  /** Whether it continues the stream before it; `undefined` until it is open for the first time. */
  isWhole?: boolean
  /** Whether it is one answer. */
  once: boolean
}

/** Takes note that all channels of a stream may have missed events; returns the stream. */
function loseAll(one: Followed): Followed {
  one.isWhole = false
  for (const channel of one.channels) one.lost.add(channel)
  return one
}

/** Returns a frame after which the lost channels of an open stream are subscribed to again. */
function askAgain({ lost }: Followed): Frame {
  return pongFrame({}, new Map([...lost].map((channel) => [channel, ELSEWHERE])))
}

/** A subscribe that is not answered. */
interface Asked {
  /** The name of its stream. */
  readonly name: string
  readonly one: Followed
  readonly channels: readonly string[]
  /** Whether the stream is one answer that was requested before. */
  readonly isLost: boolean
}
