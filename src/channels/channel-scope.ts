import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EventIn, EventOf, HandlerArg } from '../contract/event-types.ts'
import type { ChannelArg, NameBound } from '../contract/name-types.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import { feed } from './feed.ts'
import type { Subscriber } from './subscriber.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'

/**
 * Makes a group of subscriptions, for example for a view or a component.
 *
 * Subscriptions added after the release are released at once.
 *
 * @param options `signal` releases the scope when it fires
 *
 * @example
 * import { channelScope } from 'wirefold'
 *
 * function mount() {
 *   const scope = channelScope(channels)
 *   scope.subscribe('agent:1', show)
 *   scope.feed('process:42', contexts)
 *   return scope.dispose
 * }
 */
export function channelScope<C extends Untyped = Untyped>(
  subscriber: Subscriber<C>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): ChannelScope<C> {
  const own = new AbortController()
  const { signal } = own
  const members = {
    signal,
    subscribe: (
      channel: string,
      handler: ChannelHandler,
      subscribing?: Omit<SubscribeOptions, 'signal'>,
    ) => subscriber.subscribe(channel, handler, { ...subscribing, signal }),
    feed: (channel: string, sink: Sink, toContext?: (event: EventFrame) => unknown) =>
      feed<unknown>(subscriber, channel, sink, toContext, { signal }),
  }
  // The members take what those of the subscriber take; its contract types them.
  const scope: object = disposable(() => own.abort(), members, options.signal)
  return scope as ChannelScope<C>
}

/** A group of subscriptions that are released together; call it to release them. */
export interface ChannelScope<C extends Untyped = Untyped> extends Disposer {
  /** Fires when the scope is released: for requests and other calls that take a signal. */
  readonly signal: AbortSignal
  /** Subscribes as `subscriber.subscribe` does, within this scope. */
  subscribe<
    const X extends NameBound<C> = NameBound<C>,
    Event extends EventFrame = EventOf<C, X & string>,
  >(
    channel: ChannelArg<C, X>,
    handler: HandlerArg<C, X, Event>,
    options?: Omit<SubscribeOptions, 'signal'>,
  ): Subscription
  /** Feeds as `feed` does, within this scope. */
  feed<Payload = unknown, const Name extends string = string>(
    channel: ChannelArg<C, Name>,
    sink: Sink,
    toContext?: (event: EventIn<C, Name, Payload>) => unknown,
  ): Subscription
}
