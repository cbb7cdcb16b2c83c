import { presenceChannel } from '../../protocol/channel-name.ts'
import type { Position } from '../../protocol/frame.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelReceiver } from './channel-receiver.ts'

/**
 * Reads the members of a resource that a receiver may see.
 *
 * @returns `sync`, the text of a `presence:sync` event with these members, or `undefined` if
 * `canReceive` denies it or the dialect does not support it; and `at`, its position in the channel
 */
export async function presenceSnapshot(
  { broker, access, clock }: Pick<ChannelDeps, 'broker' | 'access' | 'clock'>,
  { dialect, user: viewer }: ChannelReceiver,
  resource: string,
): Promise<{ readonly at: Position; readonly sync: string | undefined }> {
  const { users, at } = await broker.presence.present(resource)
  const seen = users.filter(({ id, name }) => access.canSee(viewer, { id, name }, resource))
  // The meta of a user is that of the newest device: once is enough.
  const payload = { users: seen.map((user) => ({ ...user, meta: undefined })) }
  const channel = presenceChannel(resource)
  const timestamp = clock.wall()
  const event = { type: 'presence:sync', id: undefined, timestamp }
  if (!access.canReceive(viewer, channel, { ...event, payload })) return { at, sync: undefined }
  const json = JSON.stringify(payload)
  const sync = dialect.encodeEvent({ ...event, channel, json, offset: undefined, via: undefined })
  return { at, sync }
}
