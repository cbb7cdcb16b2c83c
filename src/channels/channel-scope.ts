import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'
import { feed } from './feed.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'

/**
 * Makes a group of subscriptions, for example for a view or a component.
 *
 * Subscriptions added after the release are released at once.
 *
 * @param options `signal` releases the scope when it fires
 *
 * @example
 * function mount() {
 *   const scope = channelScope(channels)
 *   scope.subscribe('agent:1', show)
 *   scope.feed('process:42', contexts)
 *   return scope.dispose
 * }
 */
export function channelScope(
  subscriber: ChannelSubscriber,
  options: { readonly signal?: AbortSignal | undefined } = {},
): ChannelScope {
  const own = new AbortController()
  const { signal } = own
  const members = {
    signal,
    subscribe: <Payload>(
      channel: string,
      handler: ChannelHandler<Payload>,
      subscribing?: Omit<SubscribeOptions, 'signal'>,
    ) => subscriber.subscribe(channel, handler, { ...subscribing, signal }),
    feed: <Payload>(
      channel: string,
      sink: Sink,
      toContext?: (event: EventFrame<string, Payload>) => unknown,
    ) => feed(subscriber, channel, sink, toContext, { signal }),
  }
  return disposable(() => own.abort(), members, options.signal)
}

/** A group of subscriptions that are released together; call it to release them. */
export interface ChannelScope extends Disposer {
  /** Fires when the scope is released: for requests and other calls that take a signal. */
  readonly signal: AbortSignal
  /** Subscribes as `subscriber.subscribe` does, within this scope. */
  subscribe<Payload = unknown>(
    channel: string,
    handler: ChannelHandler<Payload>,
    options?: Omit<SubscribeOptions, 'signal'>,
  ): Subscription
  /** Feeds as `feed` does, within this scope. */
  feed<Payload = unknown>(
    channel: string,
    sink: Sink,
    toContext?: (event: EventFrame<string, Payload>) => unknown,
  ): Subscription
}
