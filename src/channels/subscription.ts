import type { Disposer } from '../base/disposable.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { GapReason } from './continuity.ts'

/**
 * The subscription of one handler to a channel; call it to release it.
 *
 * The channel itself is unsubscribed a little after its last handler was released.
 */
export interface Subscription extends Disposer {
  /** Name of the channel. */
  readonly channel: string
  /** Status of the channel, shared by all its handlers. */
  readonly status: Readable<ChannelStatus>
  /**
   * Resolves once the channel is live, or has ended; rejects where it is refused or released before, or
   * the client ends. An unused `ready` causes no unhandled rejection.
   */
  readonly ready: Promise<void>
  /** Position of the last delivered event, where the backend has positions. */
  readonly position: Position | undefined
  /**
   * Subscribes to the channel anew for all its handlers: the server sends its initial events again,
   * such as the list of present users. Nothing counts as missed.
   */
  renew(): void
  /**
   * Marks the channel as `live` again for all its handlers, after the state was fetched by other
   * means.
   */
  caughtUp(): void
}

/** Options of a subscription. */
export interface SubscribeOptions {
  /**
   * Parameters of the subscribe, for backends that read some: JSON, or a function that returns it. They
   * are sent again with every later subscribe, after a lost connection for example.
   *
   * Where the dialect says that parameters identify a channel, equal ones share a channel, and other
   * ones make another channel of the same name; a function is called once, by `subscribe()`. Otherwise
   * all handlers share the channel with the parameters given last, which go out with the next
   * subscribe: `renew()` sends them at once. A function is then called by `subscribe()`, and again for
   * each subscribe that is sent; where it throws, the channel is refused.
   */
  readonly params?: unknown
  /** Releases the subscription when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives a refusal, unless `ready` was read, which then rejects with it. Without either the
   * refusal is emitted as the client's `error` event. The same refusal of a retry is not repeated.
   */
  readonly onError?: ((error: WirefoldError) => void) | undefined
  /**
   * Handlers of the stage `fold` run before all handlers of `handle`: use it for state that
   * handlers read. A handler that is added while an event is delivered receives the next one.
   * @default 'handle'
   */
  readonly stage?: 'fold' | 'handle' | undefined
}

/**
 * Handles the events of a channel. Exceptions and rejections are reported and do not affect other
 * handlers.
 *
 * `Payload` is the type that the handler expects; it is not checked at run time.
 */
export type ChannelHandler<Payload = unknown> = (
  payload: Payload,
  event: EventFrame<string, Payload>,
) => unknown

/**
 * Status of a channel. Up to `asOf` all events are known to have arrived; it is a time of the
 * client's wall clock, in milliseconds since the Unix epoch.
 */
export type ChannelStatus =
  /** Not confirmed yet. */
  | { readonly name: 'pending' }
  /** Every event arrives. */
  | { readonly name: 'live' }
  /** The connection or the subscription was lost, or events are missing; they are being requested. */
  | { readonly name: 'recovering'; readonly asOf: number }
  /**
   * Events may have been missed. The status remains until the state was fetched by other means:
   * `sync`, or {@link Subscription.caughtUp}.
   */
  | { readonly name: 'gap'; readonly reason: GapReason; readonly asOf: number }
  /** The channel has ended: no more events arrive. Only a new subscription subscribes to it again. */
  | { readonly name: 'ended' }
  /**
   * The server refused. The client subscribes again with a new subscription, or after the refusal's
   * `retryAfterMs`.
   */
  | { readonly name: 'refused'; readonly error: WirefoldError }
