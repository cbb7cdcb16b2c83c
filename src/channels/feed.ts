import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'
import type { SubscribeOptions, Subscription } from './subscription.ts'

/**
 * Folds the events of a channel into a sink, such as a `ContextRegistry`, before any handler of the
 * channel runs.
 *
 * @param toContext returns the value that the sink folds; `undefined` skips the event. Default: the
 * payload.
 *
 * @example
 * const off = feed(channels, 'process:42', contexts)
 */
export function feed<Payload = unknown>(
  subscriber: ChannelSubscriber,
  channel: string,
  sink: Sink,
  toContext?: (event: EventFrame<string, Payload>) => unknown,
  options: Omit<SubscribeOptions, 'stage'> = {},
): Subscription {
  const fold = toContext
    ? (_: Payload, event: EventFrame<string, Payload>) => {
        const payload = toContext(event)
        if (payload !== undefined) sink.fold([{ ...event, payload }])
      }
    : (_: unknown, event: EventFrame) => sink.fold([event])
  return subscriber.subscribe(channel, fold, { ...options, stage: 'fold' })
}
