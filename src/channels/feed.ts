import type { Untyped } from '../contract/contract-types.ts'
import type { EventIn } from '../contract/event-types.ts'
import type { ChannelArg } from '../contract/name-types.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { Subscriber } from './subscriber.ts'
import type { SubscribeOptions, Subscription } from './subscription.ts'

/**
 * Folds the events of a channel into a sink, such as a `ContextRegistry`, before any handler of the
 * channel runs.
 *
 * @param toContext returns the value that the sink folds; `undefined` skips the event. Default: the
 * payload.
 *
 * @example
 * import { feed } from 'wirefold'
 *
 * const off = feed(channels, 'process:42', contexts)
 */
export function feed<
  Payload = unknown,
  C extends Untyped = Untyped,
  const Name extends string = string,
>(
  subscriber: Subscriber<C>,
  channel: ChannelArg<C, Name>,
  sink: Sink,
  toContext?: (event: EventIn<C, Name, Payload>) => unknown,
  options: Omit<SubscribeOptions, 'stage'> = {},
): Subscription {
  const fold = (_: unknown, event: EventFrame): void => {
    // The channel's events have the type that the caller expects.
    const payload = toContext?.(event as EventIn<C, Name, Payload>)
    if (payload !== undefined) sink.fold([{ ...event, payload }])
    else if (!toContext) sink.fold([event])
  }
  return subscriber.subscribe(channel as string, fold, { ...options, stage: 'fold' })
}
