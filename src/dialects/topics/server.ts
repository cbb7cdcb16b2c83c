import type { Refusal } from '../../base/errors.ts'
import { randomId } from '../../base/ids.ts'
import type { Command } from '../../protocol/command.ts'
import {
  asFields,
  asNumber,
  asString,
  asStrings,
  type Fields,
  isFields,
} from '../../protocol/fields.ts'
import { isName, NAME_RULE } from '../../protocol/reserved-types.ts'
import type { Encoded, ServerDialect } from '../../protocol/server-dialect.ts'
import type { GrantedFrame, ServerFrame } from '../../protocol/server-frame.ts'
import { SYSTEM } from './dialect.ts'
import { topic } from './messages.ts'
import { flat, silent, versioned } from './server-envelopes.ts'

/** Types of messages of the client in capitals, which only the versioned envelope has. */
const CAPITALS = /^P[IO]NG$/

/**
 * Makes the server half of the dialect of topics, for one connection. It answers, and sends events, in
 * the envelope of the client's newest message, flat or versioned; before the first one in the flat one.
 *
 * The client sends no hello. It is subscribed to `system` and to the initial topics from the start,
 * and its subscribes may name several topics, each of which is refused by an error of its own.
 *
 * @param initial the topics of the address
 */
export function topicsServer(initial: readonly string[] = []): ServerDialect {
  const first = { requestId: `auto-subscribe-${randomId()}`, channels: [SYSTEM, ...initial] }
  /** The topics that the client has subscribed to. */
  const own = new Set<string>()
  let envelope = flat

  function decode(wire: unknown): readonly Command[] {
    if (!isFields(wire)) return [malformed('not an object')]
    const isVersioned = wire.v === 1
    envelope = isVersioned ? versioned : flat
    const { type: sent, ...rest } = isVersioned
      ? { ...asFields(wire.data), message_id: messageIdOf(wire), type: wire.type }
      : wire
    const { message_id, ...body } = rest
    const requestId = asString(message_id) || undefined
    if (requestId !== undefined && !isName(requestId)) {
      return [malformed(`a message_id is ${NAME_RULE}`)]
    }
    if (!isName(sent)) return [malformed(`a type is ${NAME_RULE}`, requestId)]
    const type = CAPITALS.test(sent) ? sent.toLowerCase() : sent
    switch (type) {
      case 'subscribe':
      case 'unsubscribe': {
        const channels = [...new Set(asStrings(body.topics))]
        if (!channels.length) return [malformed(`a ${type} has topics`, requestId)]
        return type === 'subscribe'
          ? [{ kind: type, requestId, channels, since: new Map() }]
          : [{ kind: type, requestId, channels }]
      }
      case 'ping':
        return [{ kind: type, timestamp: asNumber(body.timestamp) }]
      case 'pong':
        return [{ kind: type }]
      default: {
        const ordered = requestId === undefined
        return [{ kind: 'request', requestId, ordered, type, channel: undefined, payload: body }]
      }
    }
  }

  function encode(frame: ServerFrame, now: number): Encoded {
    switch (frame.kind) {
      case 'subscribed':
        return encodeSubscribed(frame, now)
      case 'released':
        for (const name of frame.channels) own.delete(name)
        return envelope.write('unsubscribe_success', {}, frame.to[0], now)
      case 'unsubscribed': {
        const { channel, error } = frame
        own.delete(channel)
        const fields = topicErrorOf({ ...error, channel }, channel)
        return envelope.write('subscribe_error', fields, undefined, now)
      }
      case 'refusal':
        return envelope.write('error', errorOf(frame.error, frame.type), frame.to[0], now)
      case 'ping':
        // The flat envelope knows no ping of the server.
        return envelope === versioned ? envelope.write('PING', {}, undefined, now) : undefined
      case 'pong': {
        const { timestamp, serverTime } = frame
        // One without a time only carries positions, which this protocol does not have.
        if (serverTime === undefined) return undefined
        return envelope.write('pong', { timestamp }, undefined, now)
      }
      default:
        // Requests are answered by errors only, and the client is not greeted.
        return undefined
    }
  }

  function encodeSubscribed({ to, channels, refused }: GrantedFrame, now: number): Encoded {
    const [id] = to
    const texts: string[] = []
    const granted: string[] = []
    for (const channel of channels) {
      const error = refused.get(channel)
      if (!error) {
        own.add(channel)
        granted.push(channel)
      } else if (channel !== SYSTEM || id !== first.requestId) {
        texts.push(refusalOf({ ...error, channel }, channel, id, now))
      }
    }
    // The errors precede the confirmation, with which all other topics are live.
    if (id === first.requestId) return texts
    return [...texts, envelope.write('subscribe_ack', { topics: granted }, id, now)]
  }

  /** Returns the error for one topic of a subscribe. */
  function refusalOf(error: Refusal, channel: string, id: string | undefined, now: number): string {
    // The flat envelope has texts that name the topic; where it has none, the fields name it.
    const named = error.code === 'not-found' || error.code === 'bad-channel'
    if (envelope === flat && named) {
      return envelope.write('error', errorOf(error, undefined), id, now)
    }
    return envelope.write('subscribe_error', topicErrorOf(error, channel), id, now)
  }

  return {
    name: 'topics',
    recovery: false,
    dedupes: false,
    pings: { everyMs: 30_000, timeoutMs: 60_000 },
    first: [{ kind: 'subscribe', ...first, since: new Map() }],
    decode,
    encode,
    encodeEvent: (event) => envelope.encodeEvent(event),
    // A client that subscribes to a topic and its family cannot recognise that an event is the same.
    events: (channel, source) => (channel !== source && own.has(source) ? silent : envelope),
  }
}

/** Returns the id of a versioned message, in `req_id` or, as in flat ones, in its data. */
function messageIdOf({ req_id, data }: Fields): unknown {
  return req_id ?? asFields(data).message_id
}

function malformed(reason: string, requestId?: string): Command {
  return { kind: 'malformed', reason, requestId }
}

/** Codes of the backend that differ from this package's. */
const CODES: ReadonlyMap<string, string> = new Map([
  ['bad-channel', 'INVALID_FORMAT'],
  ['internal', 'UNKNOWN'],
  ['not-authenticated', 'UNAUTHORIZED'],
])

/** Returns the code of the backend for a refusal. */
function codeOf({ code }: Refusal): string {
  return CODES.get(code) ?? code.toUpperCase().replaceAll('-', '_')
}

/** Returns the text of the backend for a refusal; `undefined` if it has none that says the code. */
function textOf(
  { code, message, channel = '' }: Refusal,
  type: string | undefined,
): string | undefined {
  switch (code) {
    case 'not-found': {
      const { kind, id } = topic.parse(channel) ?? { kind: 'topic', id: channel }
      return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${id} not found`
    }
    case 'bad-channel':
      return `Invalid topic format: ${channel}`
    case 'bad-frame':
      return message.endsWith(': not JSON.') ? 'Invalid JSON payload' : undefined
    case 'unknown-type':
      return `Unknown message type: ${type}`
    default:
      return undefined
  }
}

/** Returns the fields of an error that is about no topic. */
function errorOf(error: Refusal, type: string | undefined): Fields {
  const details = null
  const text = textOf(error, type)
  if (text !== undefined) return { error: text, details }
  const message = error.code === 'internal' ? 'Internal server error' : error.message
  return { error: message, error_code: codeOf(error), details }
}

/** Returns the fields of an error about one topic, which it names. */
function topicErrorOf(error: Refusal, channel: string): Fields {
  const text = textOf(error, 'subscribe')
  const failed = error.code === 'internal' ? 'Failed to process subscription' : error.message
  return { topics: [channel], error: text ?? failed, error_code: codeOf(error) }
}
