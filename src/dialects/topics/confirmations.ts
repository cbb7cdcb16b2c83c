import type { DialectFactory } from '../../protocol/dialect.ts'

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
