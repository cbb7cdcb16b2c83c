import { type Dialect, eventFrame, plainDialect } from 'wirefold'

/** Says `{join: 'lobby'}`, and hears `{room: 'lobby', event: 'said', body: 'hello'}`. */
export const rooms = (): Dialect => ({
  ...plainDialect,
  name: 'rooms',
  decode(wire) {
    const { room, event, body } = Object(wire)
    return typeof room === 'string' && typeof event === 'string'
      ? eventFrame(room, event, { payload: body })
      : { kind: 'notice', level: 'malformed', reason: 'no room or no event', wire }
  },
  encode(intent) {
    switch (intent.kind) {
      case 'subscribe':
        return intent.channels.map((join) => ({ wire: { join }, keys: [], channels: [join] }))
      case 'unsubscribe':
        return intent.channels.map((leave) => ({ wire: { leave }, keys: [], channels: [leave] }))
      case 'publish':
        return [
          { wire: { room: intent.channel, event: intent.type, body: intent.payload }, keys: [] },
        ]
      default:
        return undefined
    }
  },
})
