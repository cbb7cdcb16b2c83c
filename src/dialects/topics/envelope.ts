import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields } from '../../protocol/fields.ts'
import { SYSTEM } from './dialect.ts'

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
