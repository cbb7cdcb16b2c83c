import type { Position } from '../../../protocol/frame.ts'
import type { ChannelManager } from '../../channels/channel-manager.ts'

/** Matches the id of a message in a stream. */
const STREAM_ID = /^(\d{1,15})-(\d{1,15})$/

/**
 * Returns the position of a message in the history of a channel, by its id; the newest position for a
 * text that is no id. An id names no epoch: where the history began anew, or is that of another
 * channel, the position is that before the first message of the same time or later.
 */
export async function positionAfter(
  channels: Pick<ChannelManager, 'head' | 'history'>,
  channel: string,
  id: string,
): Promise<Position> {
  const head = await channels.head(channel)
  const match = STREAM_ID.exec(id)
  if (!match) return head
  const [ms, offset] = [Number(match[1]), Number(match[2])]
  const { epoch } = head
  if (offset > 0 && offset <= head.offset) {
    const { events } = await channels.history(channel, { epoch, offset: offset - 1 })
    if (Math.floor(events[0]?.timestamp ?? -1) === ms) return { epoch, offset }
  }
  const { events, complete } = await channels.history(channel, { epoch, offset: 0 })
  if (!complete) return { epoch, offset: Math.min(offset, head.offset) }
  const next = events.find(({ timestamp }) => Math.floor(timestamp) >= ms)
  return next?.offset ? { epoch, offset: next.offset - 1 } : head
}
