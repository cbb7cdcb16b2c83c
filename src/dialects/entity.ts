import type { DialectFactory, Outgoing } from '../wire/dialect.ts'
import { asFields, asId, asNumber, asString, type Fields } from '../wire/fields.ts'
import type { Frame } from '../wire/frame.ts'
import type { Intent } from '../wire/intent.ts'
import { notice } from '../wire/notice.ts'
import { peerRefusal } from '../wire/peer-refusal.ts'
import { doubling, plainDialect } from '../wire/plain-dialect.ts'
import { plainEvent, plainReply, plainWelcome, readTyped } from '../wire/plain-frames.ts'
import { EntityPresence, listed } from './entity-presence.ts'

/**
 * An entity backend: `{type, channel, payload, requestId, timestamp}`, one channel per subscribe, and
 * answers known by the `requestId` or, where the server leaves that out, by what they answer: the first
 * that waits for a `subscribed` of the channel is the first that is served.
 *
 * A message that names no channel is the user's own: an event of `user:<userId>`.
 */
export const entity: DialectFactory = () => {
  const presence = new EntityPresence()
  let userId: string | undefined

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    const { kind, timestamp } = intent
    switch (kind) {
      case 'hello':
        // Who we are is in the address; the server speaks first.
        return []
      case 'subscribe':
      case 'unsubscribe':
        return intent.channels.flatMap((channel, index) => {
          const said = { requestId: intent.requestId + (index || ''), timestamp }
          const wire = { type: kind, channel, ...said }
          const keys = [said.requestId, `${kind}d ${channel}`]
          return [{ wire, keys, channels: [channel] }, ...presence.watch(kind, channel, said)]
        })
      case 'request': {
        const { type, channel, payload, requestId } = intent
        return [{ wire: { type, channel, payload, requestId, timestamp }, keys: [requestId] }]
      }
      case 'presence':
        return presence.say(intent)
      case 'ping':
      case 'pong':
        return [{ wire: { type: kind, timestamp }, keys: [] }]
      default:
        return undefined
    }
  }

  /** Whoever echoes a request id is an answer, whoever names a channel is an event. */
  function read(type: string, wire: Fields): Frame | readonly Frame[] {
    const { payload } = wire
    const channel = asString(wire.channel)
    const requestId = asString(wire.requestId)
    const timestamp = asNumber(wire.timestamp)
    const { connectionId, userId: user, code, message } = asFields(payload)
    switch (type) {
      case 'connected':
        userId = asString(user)
        return plainWelcome(asString(connectionId), userId, timestamp)
      case 'ping':
        return { kind: 'ping', timestamp }
      case 'pong':
        // It bears the server's clock, not what our ping said.
        return { kind: 'pong', timestamp: undefined, serverTime: timestamp, offsets: undefined }
      case 'error': {
        const error = peerRefusal(asString(code), asString(message), payload)
        return { kind: 'refusal', to: requestId ? [requestId] : [], error }
      }
      case 'subscribed':
      case 'unsubscribed':
        return plainReply([requestId ?? `${type} ${channel}`], payload)
    }
    if (requestId) return plainReply([requestId], payload)
    const own = channel ?? (userId && `user:${userId}`)
    if (!own) return notice('ignored', 'of no channel', wire)
    const event = plainEvent(own, type, payload, asId(wire.id), timestamp)
    return type === 'presence:sync' ? [plainReply([listed(own)], undefined), event] : event
  }

  return {
    ...plainDialect,
    name: 'entity',
    capabilities: { ...plainDialect.capabilities, acks: true, presence: true },
    presets: {
      backoff: { ...doubling, maxAttempts: 10 },
      heartbeatMs: 25_000,
      presenceHeartbeatMs: 25_000,
    },
    heartbeat: 'ping',
    // Who is there is told as a whole when somebody comes to look.
    snapshots: ['presence:sync'],
    encode,
    decode: (wire) => readTyped(wire, read),
  }
}
