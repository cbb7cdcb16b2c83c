import { presenceChannel } from '../../protocol/channel-name.ts'
import type { Position } from '../../protocol/frame.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelReceiver } from './channel-receiver.ts'

/**
 * Reads the members of a resource that a receiver may see.
 *
 * @returns `sync`, the text of a `presence:sync` event with these members, or `undefined` if
 * `canReceive` denies it or the dialect does not support it; `at`, its position in the channel; and
 * `bytes`, the size of all members, also of those that the receiver may not see
 */
export async function presenceSnapshot(
  { broker, access, clock }: Pick<ChannelDeps, 'broker' | 'access' | 'clock'>,
  { dialect, user: viewer }: ChannelReceiver,
  resource: string,
): Promise<{ readonly at: Position; readonly sync: string | undefined; readonly bytes: number }> {
  const { users, at } = await broker.presence.present(resource)
  const seen: PresenceUser[] = []
  const hidden: PresenceUser[] = []
  for (const user of users) {
    const { id, name } = user
    const list = access.canSee(viewer, { id, name }, resource) ? seen : hidden
    // The meta of a user is that of the newest device: once is enough.
    list.push({ ...user, meta: undefined })
  }
  const payload = { users: seen }
  const channel = presenceChannel(resource)
  const timestamp = clock.wall()
  const event = { type: 'presence:sync', id: undefined, timestamp }
  const json = JSON.stringify(payload)
  const bytes = Buffer.byteLength(json) + Buffer.byteLength(JSON.stringify(hidden))
  if (!access.canReceive(viewer, channel, { ...event, payload })) {
    return { at, sync: undefined, bytes }
  }
  const encoder = dialect.events?.(channel, channel) ?? dialect
  const sync = encoder.encodeEvent({ ...event, channel, json, offset: undefined, via: undefined })
  return { at, sync, bytes }
}
