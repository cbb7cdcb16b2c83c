import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { SYSTEM } from './dialect.ts'

/**
 * Adds confirmed subscribes to a dialect of topics: a topic is live once the server has confirmed
 * its subscribe, not once it is sent.
 */
export function withConfirmations(topics: DialectFactory): DialectFactory {
  return () => {
    const inner = topics()
    return {
      ...inner,
      capabilities: { ...inner.capabilities, acks: true },
      encode(intent) {
        const messages = inner.encode(intent)
        if (!('channels' in intent)) return messages
        return messages?.map((message) => ({ ...message, keys: [intent.requestId] }))
      },
    }
  }
}

/** Message types of the protocol itself, which some servers send in capitals. */
export const PROTOCOL_TYPE = /^(ping|pong|error|(un)?subscribe_\w+)$/i

/**
 * Makes a dialect of topics send the versioned envelope, `{v: 1, type, topic, ts, req_id, data}`.
 * It reads both envelopes, and answers a ping in capitals with a pong in capitals.
 */
export function withVersionedEnvelope(topics: DialectFactory): DialectFactory {
  return () => {
    const inner = topics()
    let pong = 'pong'
    return {
      ...inner,
      encode(intent) {
        const topic = ('channel' in intent && intent.channel) || SYSTEM
        const ts = intent.kind === 'pong' ? intent.sentAt : intent.timestamp
        return inner.encode(intent)?.map((message) => {
          const { type: innerType, ...data } = asFields(message.wire)
          const type = innerType === 'pong' ? pong : innerType
          return { ...message, wire: { v: 1, type, topic, ts, req_id: data.message_id, data } }
        })
      },
      decode(wire) {
        const { type: sent, req_id, message_id, data } = asFields(wire)
        const wireType = asString(sent) ?? ''
        if (!PROTOCOL_TYPE.test(wireType)) return inner.decode(wire)
        const type = wireType.toLowerCase()
        if (type === 'ping') pong = wireType === type ? 'pong' : 'PONG'
        const id = req_id ?? asFields(data).message_id ?? message_id
        return inner.decode({ ...asFields(wire), type, message_id: id })
      },
    }
  }
}

/**
 * Makes the server subscribe to topics when the first connection opens, so that their snapshots
 * arrive one round trip earlier. The application still subscribes to the topics to receive their
 * events; on later connections the client subscribes to those that it has not left.
 *
 * Make one dialect per client: the first connection is that of the returned factory.
 */
export function withInitialTopics(
  topics: DialectFactory,
  initial: readonly string[],
): DialectFactory {
  let wasOpen = false
  return () => {
    const inner = topics()
    return {
      ...inner,
      url(base, credentials) {
        const url = inner.url(base, credentials)
        return wasOpen ? url : withQuery(url, { initial_topics: initial.join() })
      },
      encode(intent) {
        // The first message is encoded once the connection is open.
        wasOpen = true
        return inner.encode(intent)
      },
    }
  }
}
