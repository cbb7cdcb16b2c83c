import { presenceChannel, presenceResource } from '../../protocol/channel-name.ts'
import type { Outgoing } from '../../protocol/dialect.ts'
import type { PresenceIntent } from '../../protocol/intent.ts'

/**
 * The presence messages of one socket to an entity backend.
 *
 * The backend does not separate membership from subscription: it sends the list of members only in
 * reply to a join, not to a subscribe, and a leave also ends the subscription. So a member that
 * subscribes after it got the list joins again, and a subscriber that leaves subscribes again.
 */
export class EntityPresence {
  /** The client's `meta` on each presence channel that it joined. */
  readonly #joined = new Map<string, unknown>()
  /** Presence channels whose list has arrived since the last join. */
  readonly #listed = new Set<string>()
  /** Presence channels that the client subscribes to. */
  readonly #watched = new Set<string>()

  /** Returns the messages to send after a subscribe or unsubscribe; none if it is not of presence. */
  watch(kind: 'subscribe' | 'unsubscribe', channel: string, ids: MessageIds): readonly Outgoing[] {
    const resource = presenceResource(channel)
    if (resource === undefined) return []
    if (kind === 'unsubscribe') {
      this.#watched.delete(channel)
      return []
    }
    this.#watched.add(channel)
    // The list that replies to a join under way is due anyway.
    if (!this.#listed.delete(channel)) return []
    return [{ wire: join(resource, this.#joined.get(channel), ids), keys: [], channels: [] }]
  }

  /** Notes that the list of members has arrived. */
  listed(channel: string): void {
    if (this.#joined.has(channel)) this.#listed.add(channel)
  }

  /** Returns the messages for a join, update, leave or heartbeat. */
  encode({ action, resource, meta, ...ids }: PresenceIntent): readonly Outgoing[] {
    const { requestId, timestamp } = ids
    const channel = presenceChannel(resource)
    switch (action) {
      case 'heartbeat':
        // One heartbeat covers all resources. The server replies neither to it nor to a leave.
        return [{ wire: { type: 'presence:heartbeat', timestamp }, keys: [] }]
      case 'leave': {
        this.#joined.delete(channel)
        this.#listed.delete(channel)
        const wire = { type: 'presence:leave', requestId, payload: { resource }, timestamp }
        const again = { type: 'subscribe', channel, requestId, timestamp }
        const messages = this.#watched.has(channel) ? [wire, again] : [wire]
        return messages.map((message) => ({ wire: message, keys: [] }))
      }
      default: {
        // The protocol has no update; joining again replaces the `meta`.
        this.#joined.set(channel, meta)
        this.#listed.delete(channel)
        // Beyond the limit of subscriptions the list of members is the only reply to a join.
        const keys = [requestId, `subscribed ${channel}`, listKey(channel)]
        return [{ wire: join(resource, meta, ids), keys }]
      }
    }
  }
}

/** The fields that every message carries. */
type MessageIds = Pick<PresenceIntent, 'requestId' | 'timestamp'>

/** Returns the key under which the list of members is the reply to a join. */
export function listKey(channel: string): string {
  return `presence:sync ${channel}`
}

function join(resource: string, meta: unknown, { requestId, timestamp }: MessageIds) {
  const payload = { resource, metadata: meta ?? {} }
  return { type: 'presence:join', requestId, payload, timestamp }
}
