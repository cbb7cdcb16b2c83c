import type { Position } from '../../protocol/frame.ts'
import { encoderOf } from '../../protocol/server-dialect.ts'
import type { User } from '../access/hooks.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { ChannelReceiver, SnapshotRequest } from '../channels/channel-receiver.ts'

/**
 * Reads the state of a channel for a new subscriber; `undefined` if the channel has none. Every
 * subscribe asks for it, also that of a client that reconnects, except one to a family, `agent:*`,
 * which has no state. An error made by `refuse` refuses the
 * subscribe; any other one is reported, and refuses it with `internal`.
 *
 * @param subscriber its user, and the beginning of the past that it may read by the answer of
 * `authorize`: leave out what is older
 */
export type ReadSnapshot = (
  channel: string,
  subscriber: { readonly user: User | null; readonly since: Date | Position | undefined },
) => ChannelState | undefined | Promise<ChannelState | undefined>

/** The state of a channel, sent as an event. */
export interface ChannelState {
  readonly type: string
  readonly payload: unknown
}

/** Returns the texts with the state of a channel, unless `canReceive` denies them. */
export async function snapshotTexts(
  deps: { readonly read: ReadSnapshot; readonly channels: ChannelManager },
  { dialect, user }: ChannelReceiver,
  channel: string,
  { requestId: to, since }: SnapshotRequest,
  timestamp: number,
): Promise<readonly string[]> {
  if (channel.endsWith(':*')) return []
  const state = await deps.read(channel, { user, since })
  if (!state) return []
  const { type, payload } = state
  const event = { type, id: undefined, timestamp }
  if (!deps.channels.mayReceive({ user }, channel, { ...event, payload })) return []
  const json = JSON.stringify(payload)
  const place = { channel, offset: undefined, via: undefined }
  const text = encoderOf(dialect, channel, channel).encodeEvent({ ...event, ...place, json, to })
  return text === undefined ? [] : [text]
}
