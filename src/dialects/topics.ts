import type { DialectFactory, Outgoing } from '../wire/dialect.ts'
import { eventFrame } from '../wire/event-frame.ts'
import { asFields, asNumber, asString, asStrings, type Fields, isFields } from '../wire/fields.ts'
import type { Frame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import { peerRefusal } from '../wire/peer-refusal.ts'
import { doubling, plainDialect } from '../wire/plain-dialect.ts'
import { plainReply, readTyped } from '../wire/plain-frames.ts'
import { blamed, codeOf } from './topics-errors.ts'
import { topicMessage } from './topics-messages.ts'

/** Whatever is about no topic; it comes to everybody and need not be asked for. */
const SYSTEM = 'system'
/** How many asks are remembered, for errors that only name the message they answer. */
const REMEMBERED = 256

/**
 * A backend of topics such as `agent:1` and `thread:45`. A topic is a channel; events that do not
 * name their topic are of the one their ids tell, else of `system`.
 *
 * It speaks the flat envelope `{type, …, message_id}` and reads the versioned one too. It waits for no
 * confirmation: a topic is live once it is asked for, and an error that comes later takes it back. What
 * later generations know is put around it: {@link withAcks}, {@link withVersions}, {@link withInitialTopics}.
 */
export const topics: DialectFactory = () => {
  /** The topics of each subscribe, by its message id; of an unsubscribe none. */
  const asked = new Map<string, readonly string[]>()
  /** The server's ping comes in capitals from some, and is answered as it was asked. */
  let pong = 'pong'

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    switch (intent.kind) {
      case 'subscribe':
      case 'unsubscribe': {
        const { kind, requestId, channels } = intent
        const topics = channels.filter((channel) => channel !== SYSTEM)
        if (!topics.length) return []
        // Servers without wildcards fail at them and leave out what is behind.
        topics.sort((a, b) => +isWild(a) - +isWild(b))
        asked.set(requestId, kind === 'subscribe' ? topics : [])
        const [first = ''] = asked.keys()
        if (asked.size > REMEMBERED) asked.delete(first)
        return say(kind, { topics }, requestId)
      }
      case 'request': {
        // Nothing but an error answers it: it is done once it is sent.
        const { type, requestId, payload } = intent
        return say(type, isFields(payload) ? payload : { data: payload }, requestId)
      }
      case 'ping':
        return say(intent.kind, { timestamp: intent.timestamp })
      case 'pong':
        return say(pong, { timestamp: intent.timestamp })
      default:
        return undefined
    }
  }

  function read(type: string, wire: Fields): Frame | readonly Frame[] {
    const { data = wire } = wire
    const all: Fields = { ...asFields(data), ...wire }
    const id = asString(all.req_id ?? all.message_id) ?? ''
    const timestamp = asNumber(all.timestamp)
    switch (type.toLowerCase()) {
      case 'subscribe_ack':
      case 'unsubscribe_ack':
      case 'unsubscribe_success':
        return plainReply([id], data)
      case 'error':
      case 'subscribe_error': {
        const topics = asked.get(id)
        const text = asString(all.error) ?? asString(all.message) ?? ''
        const error = peerRefusal({ code: all.error_code ?? codeOf(text), message: text }, data)
        const listed = asStrings(all.topics)
        const refused = listed.length ? listed : blamed(text, topics ?? [])
        if (!refused.length) return { kind: 'refusal', to: topics ? [id] : [], error }
        return refused.map((channel) => {
          return { kind: 'unsubscribed', channel, error: { ...error, channel } }
        })
      }
      case 'ping':
        pong = type === 'ping' ? 'pong' : 'PONG'
        return { kind: 'ping', timestamp }
      case 'pong':
        return { kind: 'pong', timestamp, serverTime: asNumber(all.ts), offsets: undefined }
    }
    const topic = asString(all.topic) ?? topicOf(type, all)
    return eventFrame(topic, type, { payload: data, timestamp: all.ts })
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

function say(type: string, body: object, id?: string): readonly Outgoing[] {
  return [{ wire: topicMessage(type, body, id), keys: [] }]
}

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
