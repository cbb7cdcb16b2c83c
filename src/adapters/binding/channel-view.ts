import type { Unsubscribe } from '../../base/emitter.ts'
import type { Readable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import type { Subscriber } from '../../channels/subscriber.ts'
import { constant } from '../../optimistic/derived.ts'
import type { EventFrame } from '../../protocol/frame.ts'

/** A handler of a channel's events: a function, or one for each type. */
export type AnyHandler =
  | ((payload: never, event: never) => unknown)
  | { readonly [type: string]: ((payload: never, event: never) => unknown) | undefined }

/** Calls the handler of an event; one without a handler for its type is skipped. */
function handle(handler: AnyHandler, event: EventFrame): unknown {
  const own = Object.hasOwn(handler, event.type) ? Reflect.get(handler, event.type) : undefined
  const run: unknown = typeof handler === 'function' ? handler : own
  // The handler declares the type that it expects.
  return typeof run === 'function' ? run(event.payload, event) : undefined
}

/**
 * Subscribes to a channel. One that the client refuses itself is an error of the client, as one that
 * the server refuses: an effect has no caller to catch it.
 *
 * @param subscribe subscribes, and returns the end
 */
export function subscribed(
  { port: { report } }: Subscriber,
  subscribe: () => Unsubscribe,
): Unsubscribe {
  try {
    return subscribe()
  } catch (error) {
    report(error)
    return () => {}
  }
}

/**
 * Calls the newest handler with every event of a channel, until the returned function is called.
 *
 * @param newest returns the handler to call
 */
export function follow(
  channels: Subscriber,
  channel: string,
  newest: () => AnyHandler,
): Unsubscribe {
  return subscribed(channels, () =>
    channels.subscribe(channel, (_, event) => handle(newest(), event)),
  )
}

/** Returns the last event of a channel, subscribed to while the store is followed. */
export function lastEvent(
  channels: () => Subscriber,
  channel: string | undefined,
): Readable<EventFrame | undefined> {
  if (channel === undefined) return constant(undefined)
  const subscriber = channels()
  const followed = (): Unsubscribe =>
    subscribed(subscriber, () => subscriber.subscribe(channel, (_, event) => store.set(event)))
  const { report } = subscriber.port
  const store = followedStore<EventFrame | undefined>(undefined, report, followed)
  return store
}
