import {
  type Dialect,
  eventFrame,
  noticeFrame,
  plainDialect,
  refusalFrame,
  replyFrame,
} from 'wirefold/dialects'

/**
 * The client sends `{join, id}`, `{leave}`, `{call, id, body}` and `{room, event, body}`; the server
 * `{room, event, body}`, and in reply `{ok: id, body}` or `{failed: id, error: {code, message}}`.
 */
export const rooms = (): Dialect => ({
  ...plainDialect,
  name: 'rooms',
  capabilities: { ...plainDialect.capabilities, acks: true },
  decode(wire) {
    const { room, event, body, ok, failed, error } = Object(wire)
    if (typeof ok === 'string') return replyFrame([ok], body)
    if (typeof failed === 'string') return refusalFrame([failed], { ...error })
    return typeof room === 'string' && typeof event === 'string'
      ? eventFrame(room, event, { payload: body })
      : noticeFrame('malformed', 'it has no room or no event', wire)
  },
  encode(intent) {
    switch (intent.kind) {
      case 'subscribe':
        return intent.channels.map((join, index) => {
          const id = `${intent.requestId}.${index}`
          return { wire: { join, id }, keys: [id], channels: [join] }
        })
      case 'unsubscribe':
        return intent.channels.map((leave) => ({ wire: { leave }, keys: [], channels: [leave] }))
      case 'request': {
        const { type: call, requestId: id, payload: body } = intent
        return [{ wire: { call, id, body }, keys: [id] }]
      }
      case 'publish': {
        const { channel: room, type: event, payload: body } = intent
        return [{ wire: { room, event, body }, keys: [] }]
      }
      default:
        return undefined
    }
  },
})
