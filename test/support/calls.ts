import type { Dialect } from '../../src/entries/dialects.ts'
import { eventFrame, noticeFrame, plainDialect, replyFrame } from '../../src/entries/dialects.ts'

/**
 * A dialect without subscribes: the server sends `{room, event, body}` and the replies `{ok: id, body}`,
 * the client `{call, id, body}`. The token is not in the address.
 */
export const calls = (): Dialect => ({
  ...plainDialect,
  name: 'calls',
  capabilities: { ...plainDialect.capabilities, acks: true },
  url: (base) => base,
  decode(wire) {
    const { room, event, body, ok } = Object(wire)
    if (typeof ok === 'string') return replyFrame([ok], body)
    return typeof room === 'string' && typeof event === 'string'
      ? eventFrame(room, event, { payload: body })
      : noticeFrame('malformed', 'it has no room or no event', wire)
  },
  encode(intent) {
    if (intent.kind === 'subscribe' || intent.kind === 'unsubscribe') return []
    if (intent.kind !== 'request') return undefined
    const { type: call, requestId: id, payload: body } = intent
    return [{ wire: { call, id, body }, keys: [id] }]
  },
})
