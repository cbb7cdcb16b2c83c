import { readStreamId } from '../../../dialects/streams/server.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import type { ChannelManager } from '../../channels/channel-manager.ts'

/**
 * Returns the position of a message in the history of a channel, by its id; the newest position for a
 * text that is no id. An id names no epoch: where the history began anew or has lost the message, or
 * the id is that of another channel, the position is that before the first message of the same time
 * or later.
 *
 * @param source number of the channel, as in the ids of its messages
 */
export async function positionAfter(
  channels: Histories,
  channel: string,
  id: string,
  source = 0,
): Promise<Position> {
  const head = await channels.head(channel)
  const read = readStreamId(id)
  if (!read) return head
  const { ms, offset } = read
  const { epoch } = head
  if (read.source === source && offset > 0 && offset <= head.offset) {
    const { events } = await channels.history(channel, { epoch, offset: offset - 1 })
    if (Math.floor(events[0]?.timestamp ?? -1) === ms) return { epoch, offset }
  }
  const events = await newestEvents(channels, channel, head, ms)
  const next = events.find(({ timestamp }) => Math.floor(timestamp) >= ms)
  return next?.offset ? { epoch, offset: next.offset - 1 } : head
}

type Histories = Pick<ChannelManager, 'head' | 'history'>

/**
 * Returns the newest events of a channel, back to one before a time, or to the first one that the
 * history has. It reads twice as many each time; where that is more than the history has, it halves.
 */
async function newestEvents(
  channels: Histories,
  channel: string,
  { epoch, offset }: Position,
  ms: number,
): Promise<HistorySlice['events']> {
  let newest: HistorySlice['events'] = []
  let [lost, kept, step] = [-1, offset, 1]
  while (kept - lost > 1) {
    const probe = Math.max(kept - step, Math.floor((lost + kept) / 2))
    const { events, complete } = await channels.history(channel, { epoch, offset: probe })
    if (complete) {
      newest = events
      kept = probe
      step *= 2
      if (Math.floor(events[0]?.timestamp ?? ms) < ms) break
    } else lost = probe
  }
  return newest
}
