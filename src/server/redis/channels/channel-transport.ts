import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import type { ChannelEvent, NewEvent } from '../../broker/channel-event.ts'
import type { EventRequest } from './append-step.ts'

/** The delivery of channel events between this process and the others. */
export interface ChannelTransport {
  /** Publishes an event; see `Broker.publish`. */
  publish(
    channels: readonly string[],
    event: NewEvent,
    request: EventRequest | undefined,
  ): Promise<readonly Position[]>
  /** Starts to follow a channel; no later event is missed once this resolves. */
  follow(channel: string): Promise<void>
  /** Stops following a channel. */
  unfollow(channel: string): void
  /** Returns a channel's events after a position. */
  since(channel: string, position: Position): Promise<HistorySlice>
  /** Returns a promise of a pause if this process has not received enough of what it published. */
  pace(): Promise<unknown> | undefined
  /** Calls `broken` if events of a followed channel up to `head` may not arrive. */
  check(channel: string, head: Position): void
}

/** Callbacks of a {@link ChannelTransport}. */
export interface TransportListener {
  /** Called with each event of a followed channel. */
  event(event: ChannelEvent): void
  /** Called when events of a followed channel may have been lost. */
  broken(channel: string, head: Position): void
  /** Checks the newest position of every followed channel; resolves once that is done. */
  recheck(): Promise<void>
}
