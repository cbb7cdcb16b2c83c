import type { Refusal } from '../../base/errors.ts'
import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, plainReply, readTyped } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { doubling, plainDialect } from '../../protocol/plain-dialect.ts'
import { readRefusal } from '../../protocol/refusal.ts'
import { messageWithId } from './messages.ts'

/** Whatever is about no topic; it comes to everybody and need not be asked for. */
export const SYSTEM = 'system'
/** How many asks are remembered, for errors that only name the message they answer. */
const REMEMBERED = 256

/**
 * A backend of topics such as `agent:1` and `thread:45`, in the flat envelope `{type, …, message_id}`.
 * A topic is a channel; events that do not name their topic are of the one their ids tell, else of
 * `system`.
 *
 * A topic is live once it is asked for, and an error that comes later takes back all that was asked for
 * in the message it answers. What else a backend knows is put around it: {@link withErrors},
 * {@link withConfirmations}, {@link withVersionedEnvelope}, {@link withInitialTopics}, in any order.
 */
export const topics: DialectFactory = () => {
  /** The topics of each subscribe, by its message id; of an unsubscribe none. */
  const asked = new Map<string, readonly string[]>()

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    switch (intent.kind) {
      case 'subscribe':
      case 'unsubscribe': {
        const { kind, requestId, channels } = intent
        const topics = channels.filter((channel) => channel !== SYSTEM)
        if (!topics.length) return []
        // Servers without wildcards fail at them and leave out what is behind.
        topics.sort((a, b) => +a.endsWith(':*') - +b.endsWith(':*'))
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
      case 'pong':
        return say(intent.kind, { timestamp: intent.timestamp })
      default:
        return undefined
    }
  }

  function read(type: string, wire: Fields): Frame | readonly Frame[] {
    const told = toldBy(wire)
    const { data = wire } = wire
    const id = asString(told.message_id) ?? ''
    const timestamp = asNumber(told.timestamp)
    switch (type) {
      case 'subscribe_ack':
      case 'unsubscribe_ack':
      case 'unsubscribe_success':
        return plainReply([id], data)
      case 'error':
      case 'subscribe_error': {
        const topics = asked.get(id)
        const error = readRefusal({ message: told.error ?? told.message, details: data })
        return refused(topics ?? [], error, topics ? [id] : [])
      }
      case 'ping':
        return { kind: 'ping', timestamp }
      case 'pong':
        return { kind: 'pong', timestamp, serverTime: asNumber(told.ts), offsets: undefined }
    }
    const topic = asString(told.topic) ?? topicOf(type, told)
    return eventFrame(topic, type, { payload: data, timestamp: told.ts })
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

/** All that a message tells: what it says in its `data`, and beside that. */
export function toldBy(wire: Fields): Fields {
  return { ...asFields(wire.data), ...wire }
}

/** A "no" to topics; without any, to whoever waits under one of the keys, else to nobody. */
export function refused(
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

function say(type: string, body: object, id?: string): readonly Outgoing[] {
  return [{ wire: messageWithId(type, body, id), keys: [] }]
}

/** The topic an event is about, where it does not name it. */
function topicOf(type: string, { id, agent_id, thread_id }: Fields): string {
  const agent = type.startsWith('agent_')
  const about = agent ? (id ?? agent_id) : /^(thread|stream)_/.test(type) && thread_id
  return typeof about === 'number' || typeof about === 'string'
    ? `${agent ? 'agent' : 'thread'}:${about}`
    : SYSTEM
}
