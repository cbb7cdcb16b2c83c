import type { DialectFactory, Outgoing } from '../wire/dialect.ts'
import { asNumber, asString, asStrings, type Fields, isFields } from '../wire/fields.ts'
import type { Frame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import { peerRefusal } from '../wire/peer-refusal.ts'
import { doubling, plainDialect } from '../wire/plain-dialect.ts'
import { plainEvent, plainReply, readTyped } from '../wire/plain-frames.ts'
import { withCredentials, withQuery } from '../wire/query.ts'
import { blamed, codeOf } from './topics-errors.ts'
import { build, type TopicMessage } from './topics-messages.ts'

/** How a topics backend speaks. */
export interface TopicsOptions {
  /**
   * How messages to the server are wrapped: `flat` is `{type, …, message_id}`, `versioned` is
   * `{v: 1, type, topic, ts, req_id, data}`. Messages from the server are read in both.
   * @default 'flat'
   */
  readonly envelope?: 'flat' | 'versioned' | undefined
  /**
   * Whether the server confirms subscribes. Without, a topic is live once it is asked for, and an
   * error that comes later takes it back; with, it is live once it is confirmed.
   * @default false
   */
  readonly acks?: boolean | undefined
  /**
   * Topics that the server subscribes while the connection opens, so that their snapshots come a round
   * trip sooner. Whoever wants their events subscribes to them all the same.
   * @default []
   */
  readonly initialTopics?: readonly string[] | undefined
}

/** What holds where nothing is said. */
export const topicsDefaults = { envelope: 'flat', acks: false, initialTopics: [] } as const

/** Whatever is about no topic; it comes to everybody and need not be asked for. */
const SYSTEM = 'system'
/** How many asks are remembered, for errors that only name the message they answer. */
const REMEMBERED = 256

/**
 * A backend of topics such as `agent:1` and `thread:45`, by options. A topic is a channel; events
 * that do not name their topic are of the one their ids tell, else of `system`.
 */
export function topicsDialect(options: TopicsOptions = {}): DialectFactory {
  const envelope = options.envelope ?? topicsDefaults.envelope
  const acks = options.acks ?? topicsDefaults.acks
  const initial = options.initialTopics ?? topicsDefaults.initialTopics
  return () => {
    /** The topics of each subscribe, by its message id; of an unsubscribe none. */
    const asked = new Map<string, readonly string[]>()
    /** The server's ping comes in capitals from some, and is answered as it was asked. */
    let pong = 'pong'

    function say(message: TopicMessage, ts: number = Date.now(), topic = SYSTEM): Outgoing {
      const { type, ...data } = message
      const { message_id: id } = message
      const flat = envelope === 'flat'
      const wire = flat ? message : { v: 1, type, topic, ts, req_id: id, data }
      return { wire, keys: acks && asked.has(id) ? [id] : [] }
    }

    function encode(intent: Intent): readonly Outgoing[] | undefined {
      switch (intent.kind) {
        case 'subscribe':
        case 'unsubscribe': {
          const { kind, requestId, channels, timestamp } = intent
          // Servers without wildcards fail at them and leave out what is behind.
          const topics = channels
            .filter((channel) => channel !== SYSTEM)
            .sort((a, b) => +isWild(a) - +isWild(b))
          if (!topics.length) return []
          asked.set(requestId, kind === 'subscribe' ? topics : [])
          const [first = ''] = asked.keys()
          if (asked.size > REMEMBERED) asked.delete(first)
          return [say(build[kind](topics, requestId), timestamp)]
        }
        case 'request': {
          // Nothing but an error answers it: it is done once it is sent.
          const { type, requestId: message_id, payload, channel, timestamp } = intent
          const body = isFields(payload) ? payload : { data: payload }
          return [say({ ...body, type, message_id }, timestamp, channel)]
        }
        case 'ping':
        case 'pong': {
          const { kind, timestamp } = intent
          return [say({ ...build.ping(timestamp), type: kind === 'ping' ? kind : pong }, timestamp)]
        }
        default:
          return undefined
      }
    }

    function read(type: string, wire: Fields): Frame | readonly Frame[] {
      const data = isFields(wire.data) ? wire.data : wire
      const ids = [wire.req_id, data.message_id, wire.message_id]
      const id = ids.map(asString).find(Boolean) ?? ''
      const topics = asked.get(id)
      const to = acks && topics ? [id] : []
      const timestamp = asNumber(data.timestamp)
      switch (type.toLowerCase()) {
        case 'subscribe_ack':
        case 'unsubscribe_ack':
        case 'unsubscribe_success':
          return plainReply(to, data)
        case 'error':
        case 'subscribe_error': {
          const text = asString(data.error) ?? asString(data.message) ?? ''
          const error = peerRefusal(asString(data.error_code) ?? codeOf(text), text, data)
          const listed = asStrings(data.topics)
          const refused = listed.length ? listed : blamed(text, topics ?? [])
          if (!refused.length) return { kind: 'refusal', to, error }
          return refused.map((channel) => {
            return { kind: 'unsubscribed', channel, error: { ...error, channel } }
          })
        }
        case 'ping':
          pong = type === 'ping' ? 'pong' : 'PONG'
          return { kind: 'ping', timestamp }
        case 'pong':
          return { kind: 'pong', timestamp, serverTime: asNumber(wire.ts), offsets: undefined }
      }
      const channel = asString(wire.topic) ?? topicOf(type, { ...wire, ...data })
      const payload = 'data' in wire ? wire.data : wire
      return plainEvent(channel, type, payload, undefined, asNumber(wire.ts))
    }

    return {
      ...plainDialect,
      name: 'topics',
      capabilities: { ...plainDialect.capabilities, acks },
      presets: { backoff: doubling, heartbeatMs: 30_000 },
      heartbeat: 'ping',
      snapshots: ['agent_state', 'thread_history'],
      url: (base, credentials) =>
        withQuery(
          withCredentials(base, credentials),
          initial.length ? { initial_topics: initial.join() } : {},
        ),
      encode,
      decode: (wire) => readTyped(wire, read),
    }
  }
}

/** A topics backend of the first generation: flat messages, no confirmations. */
export const topics: DialectFactory = topicsDialect()

function isWild(topic: string): boolean {
  return topic.endsWith(':*')
}

/** The topic an event is about, where it does not name it. */
function topicOf(type: string, { id, agent_id, thread_id }: Fields): string {
  const kind = type.replace(/_.*/, '')
  if (kind === 'agent') return named(kind, id ?? agent_id)
  return kind === 'thread' || kind === 'stream' ? named('thread', thread_id) : SYSTEM
}

function named(kind: string, id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? `${kind}:${id}` : SYSTEM
}
