import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'
import { feed } from './feed.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'

/** A bag of subscriptions that are released together; call it to release them. */
export interface ChannelScope extends Disposer {
  /** Fires when the bag is released: for requests and anything else that takes a signal. */
  readonly signal: AbortSignal
  /** As `subscriber.subscribe`, into this bag. */
  subscribe<Payload = unknown>(
    channel: string,
    handler: ChannelHandler<Payload>,
    options?: Omit<SubscribeOptions, 'signal'>,
  ): Subscription
  /** As `feed`, into this bag. */
  feed<Payload = unknown>(
    channel: string,
    sink: Sink,
    toContext?: (event: EventFrame<string, Payload>) => unknown,
  ): Subscription
}

/**
 * Makes a bag of subscriptions for a view, a component, or anything that comes and goes as a whole.
 *
 * What is put into a bag that was released already is released at once.
 *
 * @param options `signal` releases the bag when it fires
 *
 * @example
 * function mount() {
 *   const bag = scope(channels)
 *   bag.subscribe('agent:1', show)
 *   bag.feed('process:42', contexts)
 *   return bag.dispose
 * }
 */
export function channelScope(
  subscriber: ChannelSubscriber,
  options: { readonly signal?: AbortSignal | undefined } = {},
): ChannelScope {
  const outer = options.signal
  const own = new AbortController()
  const { signal } = own
  const release = (): void => {
    outer?.removeEventListener('abort', release)
    own.abort()
  }
  if (outer?.aborted) release()
  else outer?.addEventListener('abort', release)
  return disposable(release, {
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
  })
}
