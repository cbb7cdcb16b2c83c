import type { Refusal } from '../../base/errors.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  pongFrame,
  readTyped,
  replyFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { doubling, plainDialect } from '../../protocol/plain-dialect.ts'
import { readRefusal } from '../../protocol/refusal.ts'
import { messageWithId } from './messages.ts'

/** Channel of events without a topic; the server sends them to every client without a subscribe. */
export const SYSTEM = 'system'
/** Maximum number of remembered subscribes, for errors that only name the message they reply to. */
const REMEMBERED = 256

/**
 * The dialect of topics such as `agent:1` and `thread:45`, in the flat envelope
 * `{type, …, message_id}`. A topic is a channel. The topic of an event that names none is derived
 * from its ids, and is `system` otherwise.
 *
 * A topic is live once its subscribe is sent; a later error ends all topics of the message that it
 * replies to. Wrap it for other features of a backend, in any order: {@link withErrors},
 * {@link withConfirmations}, {@link withVersionedEnvelope}, {@link withInitialTopics}.
 */
export const topics: DialectFactory = () => {
  /** The topics of each subscribe, by message id; empty for an unsubscribe. */
  const requested = new Map<string, readonly string[]>()

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    switch (intent.kind) {
      case 'subscribe':
      case 'unsubscribe': {
        const { kind, requestId, channels } = intent
        const topics = channels.filter((channel) => channel !== SYSTEM)
        if (!topics.length) return []
        // Servers without wildcards stop at the first one and skip the topics after it.
        topics.sort((a, b) => +a.endsWith(':*') - +b.endsWith(':*'))
        requested.set(requestId, kind === 'subscribe' ? topics : [])
        const [first = ''] = requested.keys()
        if (requested.size > REMEMBERED) requested.delete(first)
        return outgoing(kind, { topics }, requestId)
      }
      case 'request': {
        // The server replies only with errors, so the request is done once it is sent.
        const { type, requestId, payload: data } = intent
        return outgoing(type, isFields(data) ? data : { data }, requestId)
      }
      case 'ping':
      case 'pong':
        return outgoing(intent.kind, { timestamp: intent.timestamp })
      default:
        return undefined
    }
  }

  function read(type: string, wire: Fields): Frame | readonly Frame[] {
    const fields = allFields(wire)
    const { data = wire } = wire
    const id = asString(fields.message_id) ?? ''
    const { timestamp, ts: serverTime } = fields
    switch (type) {
      case 'subscribe_ack':
      case 'unsubscribe_ack':
      case 'unsubscribe_success':
        return id ? replyFrame([id], data) : noticeFrame('malformed', 'no message_id', wire)
      case 'error':
      case 'subscribe_error': {
        const topics = requested.get(id)
        const error = readRefusal({ message: fields.error ?? fields.message, details: data })
        return refusalFrames(topics ?? [], error, topics ? [id] : [])
      }
      case 'ping':
        return { kind: type, timestamp: asNumber(timestamp) }
      case 'pong':
        return pongFrame({ timestamp, serverTime })
    }
    const channel = topicOfFields(type, fields)
    // Events of this backend have no ids and no offsets.
    return eventFrame(channel, type, { payload: data, timestamp: serverTime })
  }

  return {
    ...plainDialect,
    name: 'topics',
    presets: { backoff: doubling, heartbeatMs: 30_000 },
    heartbeat: 'ping',
    snapshots: ['agent_state', 'thread_history'],
    encode,
    decode: (wire) => readTyped(wire, read),
  }
}

/** Returns the fields of a message together with those of its `data`. */
export function allFields(wire: Fields): Fields {
  return { ...asFields(wire.data), ...wire }
}

/** Returns the refusals of these topics; without topics, of the request with one of these keys. */
export function refusalFrames(
  topics: readonly string[],
  error: Refusal,
  to: readonly string[],
): Frame | readonly Frame[] {
  if (!topics.length) return { kind: 'refusal', to, error }
  return topics.map((channel) => ({
    kind: 'unsubscribed',
    channel,
    error: { ...error, channel },
  }))
}

function outgoing(...message: Parameters<typeof messageWithId>): readonly Outgoing[] {
  return [{ wire: messageWithId(...message), keys: [] }]
}

/** Returns the topic of an event: that which it names, or that which its ids give. */
export function topicOfFields(type: string, fields: Fields): string {
  const { topic, id, agent_id, thread_id } = fields
  if (typeof topic === 'string') return topic
  if (type.startsWith('agent_')) return topicWithId('agent', id ?? agent_id)
  return topicWithId('thread', /^(thread|stream)_/.test(type) && thread_id)
}

function topicWithId(kind: string, id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? `${kind}:${id}` : SYSTEM
}
