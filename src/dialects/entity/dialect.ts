import type { DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import {
  eventFrame,
  noticeFrame,
  readTyped,
  replyFrame,
  welcomeFrame,
} from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { doubling, plainDialect } from '../../protocol/plain-dialect.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'
import { EntityPresence, listKey } from './presence.ts'

/**
 * The dialect of an entity backend: `{type, channel, payload, requestId, timestamp}`, one channel
 * per subscribe. Replies are matched by `requestId`; if the server omits it, a `subscribed` settles
 * the first pending subscribe to its channel.
 *
 * A message without a channel is an event of the user's channel, `user:<userId>`.
 */
export const entity: DialectFactory = () => {
  const presence = new EntityPresence()
  /** The user's channel, if a user is signed in. */
  let userChannel: string | undefined

  function encode(intent: Intent): readonly Outgoing[] | undefined {
    const { kind, timestamp } = intent
    switch (kind) {
      case 'hello':
        // The credentials are in the URL; the server sends the first message.
        return []
      case 'subscribe':
      case 'unsubscribe':
        return intent.channels.flatMap((channel, index) => {
          const ids = { requestId: intent.requestId + (index || ''), timestamp }
          const wire = { type: kind, channel, ...ids }
          const keys = [ids.requestId, `${kind}d ${channel}`]
          return [{ wire, keys, channels: [channel] }, ...presence.watch(kind, channel, ids)]
        })
      case 'request': {
        const { type, channel, payload, requestId } = intent
        return [{ wire: { type, channel, payload, requestId, timestamp }, keys: [requestId] }]
      }
      case 'presence':
        return presence.encode(intent)
      case 'ping':
      case 'pong':
        return [{ wire: { type: kind, timestamp }, keys: [] }]
      default:
        return undefined
    }
  }

  /** Reads a message: with a request id it is a reply, with a channel an event. */
  function read(type: string, wire: Fields): Frame | readonly Frame[] {
    const { payload } = wire
    const requestId = asString(wire.requestId)
    const channel = asString(wire.channel)
    const timestamp = asNumber(wire.timestamp)
    switch (type) {
      case 'connected': {
        const welcome = welcomeFrame({ ...asFields(payload), serverTime: timestamp })
        userChannel = welcome.userId && `user:${welcome.userId}`
        return welcome
      }
      case 'ping':
        return { kind: type, timestamp }
      case 'pong':
        // The timestamp is the server's time, not the one of the ping.
        return { kind: type, timestamp: undefined, serverTime: timestamp, offsets: undefined }
      case 'error':
        return {
          kind: 'refusal',
          to: requestId ? [requestId] : [],
          error: readPeerRefusal(payload),
        }
    }
    const key = requestId || (/^(un)?subscribed$/.test(type) && `${type} ${channel}`)
    if (key) return replyFrame([key], payload)
    const target = channel ?? userChannel
    if (!target) return noticeFrame('ignored', 'it has no channel, and no user is signed in', wire)
    const event = eventFrame(target, type, { payload, id: wire.id, timestamp })
    if (type !== 'presence:sync') return event
    presence.listed(target)
    return [replyFrame([listKey(target)], undefined), event]
  }

  return {
    ...plainDialect,
    name: 'entity',
    capabilities: { ...plainDialect.capabilities, acks: true, presence: true },
    presets: { backoff: { ...doubling, maxRetries: 10 }, presenceHeartbeatMs: 25_000 },
    heartbeat: 'ping',
    // `presence:sync` lists all members of a resource.
    snapshots: ['presence:sync'],
    encode,
    decode: (wire) => readTyped(wire, read),
  }
}
