import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  notice,
  plainReply,
  readTyped,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { doubling, plainDialect } from '../../protocol/plain-dialect.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'
import { EntityPresence, listed } from './presence.ts'

/**
 * An entity backend: `{type, channel, payload, requestId, timestamp}`, one channel per subscribe, and
 * answers known by the `requestId` or, where the server leaves that out, by what they answer: the first
 * that waits for a `subscribed` of the channel is the first that is served.
 *
 * A message that names no channel is the user's own: an event of `user:<userId>`.
 */
export const entity: DialectFactory = () => {
  const presence = new EntityPresence()
  /** The user's own channel, where somebody is signed in. */
  let own: string | undefined

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
    const requestId = asString(wire.requestId)
    const channel = asString(wire.channel)
    const timestamp = asNumber(wire.timestamp)
    switch (type) {
      case 'connected': {
        const welcome = welcomeFrame({ ...asFields(payload), serverTime: timestamp })
        own = welcome.userId && `user:${welcome.userId}`
        return welcome
      }
      case 'ping':
        return { kind: type, timestamp }
      case 'pong':
        // It bears the server's clock, not what our ping said.
        return { kind: type, timestamp: undefined, serverTime: timestamp, offsets: undefined }
      case 'error':
        return {
          kind: 'refusal',
          to: requestId ? [requestId] : [],
          error: readPeerRefusal(payload),
        }
    }
    const key = requestId || (/^(un)?subscribed$/.test(type) && `${type} ${channel}`)
    if (key) return plainReply([key], payload)
    const about = channel ?? own
    if (!about) return notice('ignored', 'of no channel', wire)
    const event = eventFrame(about, type, { payload, id: wire.id, timestamp })
    return type === 'presence:sync' ? [plainReply([listed(about)], undefined), event] : event
  }

  return {
    ...plainDialect,
    name: 'entity',
    capabilities: { ...plainDialect.capabilities, acks: true, presence: true },
    presets: { backoff: { ...doubling, maxAttempts: 10 }, presenceHeartbeatMs: 25_000 },
    heartbeat: 'ping',
    // Who is there is told as a whole when somebody comes to look.
    snapshots: ['presence:sync'],
    encode,
    decode: (wire) => readTyped(wire, read),
  }
}
