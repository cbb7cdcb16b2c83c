import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields } from '../../protocol/fields.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { SYSTEM } from './dialect.ts'

/**
 * A backend of topics that confirms subscribes: a topic is live once it is confirmed, not once it is
 * asked for.
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

/** The words of the protocol itself, which some servers say in capitals. */
const OWN = /^(ping|pong|error|(un)?subscribe_\w+)$/i

/**
 * A backend of topics that is spoken to in the versioned envelope, `{v: 1, type, topic, ts, req_id, data}`.
 * What it says is read in both envelopes, and a ping in capitals is answered in capitals.
 */
export function withVersionedEnvelope(topics: DialectFactory): DialectFactory {
  return () => {
    const inner = topics()
    let pong = 'pong'
    return {
      ...inner,
      encode(intent) {
        const topic = ('channel' in intent && intent.channel) || SYSTEM
        const ts = intent.timestamp ?? Date.now()
        return inner.encode(intent)?.map((message) => {
          const { type: said, ...data } = asFields(message.wire)
          const type = said === 'pong' ? pong : said
          return { ...message, wire: { v: 1, type, topic, ts, req_id: data.message_id, data } }
        })
      },
      decode(wire) {
        const { type: said, req_id, data } = asFields(wire)
        if (typeof said !== 'string' || !OWN.test(said)) return inner.decode(wire)
        const type = said.toLowerCase()
        if (type === 'ping') pong = said === type ? 'pong' : 'PONG'
        const id = req_id ?? asFields(data).message_id
        return inner.decode({
          ...asFields(wire),
          type,
          ...(id === undefined ? {} : { message_id: id }),
        })
      },
    }
  }
}

/**
 * Has the server subscribe to topics while the connection opens, so that their snapshots come a round
 * trip sooner. Whoever wants their events subscribes to them all the same.
 */
export function withInitialTopics(
  topics: DialectFactory,
  initial: readonly string[],
): DialectFactory {
  return () => {
    const inner = topics()
    return {
      ...inner,
      url: (base, credentials) =>
        withQuery(inner.url(base, credentials), { initial_topics: initial.join() }),
    }
  }
}
