import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice, Remember } from '../../broker/broker.ts'
import type { ChannelEvent, NewEvent } from '../../broker/channel-event.ts'

/** How the events of followed channels reach this process, and how its own reach the others. */
export interface ChannelTransport {
  /** Adds an event; see `Broker.publish`. */
  publish(
    channels: readonly string[],
    event: NewEvent,
    remember: Remember | undefined,
  ): Promise<readonly Position[]>
  /** Begins with a channel: no event is missed once this resolves. */
  follow(channel: string): Promise<void>
  /** Ends with a channel. */
  unfollow(channel: string): void
  /** What happened on a channel after a place. */
  since(channel: string, position: Position): Promise<HistorySlice>
  /** A followed channel stands here: where it cannot be told that we are led there, that is said. */
  check(channel: string, head: Position): void
  /** Ends. */
  close(): void
}

/** What a feed tells. */
export interface TransportListener {
  /** Something happened on a followed channel. */
  event(event: ChannelEvent): void
  /** Something may have happened on a followed channel that is told to nobody. */
  broken(channel: string, head: Position): void
  /** Every followed channel is to be checked; resolves once that was done. */
  doubt(): Promise<void>
}
