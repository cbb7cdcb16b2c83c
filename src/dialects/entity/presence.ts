import { presenceChannel, presenceResource } from '../../protocol/channel-name.ts'
import type { Outgoing } from '../../protocol/dialect.ts'
import type { PresenceIntent } from '../../protocol/intent.ts'

/** One thing that is said. */
type Said = Pick<PresenceIntent, 'requestId' | 'timestamp'>

/**
 * What an entity backend is told of presence on one socket.
 *
 * Being somewhere and watching are one to it: it lists who is there to whoever joins, never to who
 * subscribes, and who leaves hears nothing more. So who is there already and begins to watch joins
 * again, and who watches and leaves subscribes again.
 */
export class EntityPresence {
  /** Where we are, with what we told of us there. */
  readonly #joined = new Map<string, unknown>()
  readonly #watched = new Set<string>()

  /** What is said behind a subscribe or unsubscribe, where its channel is one of presence. */
  watch(kind: 'subscribe' | 'unsubscribe', channel: string, said: Said): readonly Outgoing[] {
    const resource = presenceResource(channel)
    if (resource === undefined) return []
    if (kind === 'unsubscribe') this.#watched.delete(channel)
    else this.#watched.add(channel)
    if (kind === 'unsubscribe' || !this.#joined.has(resource)) return []
    return [{ wire: join(resource, this.#joined.get(resource), said), keys: [], channels: [] }]
  }

  /** We are somewhere, are there in another way, are no longer, or are still. */
  say({ action, resource, meta, ...said }: PresenceIntent): readonly Outgoing[] {
    const { requestId, timestamp } = said
    const channel = presenceChannel(resource)
    switch (action) {
      case 'heartbeat':
        // It is for all resources, and like a leave it is not answered.
        return [{ wire: { type: 'presence:heartbeat', timestamp }, keys: [] }]
      case 'leave': {
        this.#joined.delete(resource)
        const wire = { type: 'presence:leave', requestId, payload: { resource }, timestamp }
        const again = { type: 'subscribe', channel, requestId, timestamp }
        const left = { wire, keys: [] }
        return this.#watched.has(channel) ? [left, { wire: again, keys: [] }] : [left]
      }
      default: {
        // There is no word for an update: joining again says the same.
        this.#joined.set(resource, meta)
        // Where the channel was one too many for us, the list is the only answer.
        const keys = [requestId, `subscribed ${channel}`, listed(channel)]
        return [{ wire: join(resource, meta, said), keys }]
      }
    }
  }
}

/** The key by which the list of a channel answers a join. */
export function listed(channel: string): string {
  return `presence:sync ${channel}`
}

function join(resource: string, meta: unknown, { requestId, timestamp }: Said) {
  return {
    type: 'presence:join',
    requestId,
    payload: { resource, metadata: meta ?? {} },
    timestamp,
  }
}
