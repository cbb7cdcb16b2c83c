import type { Disposer } from '../base/disposable.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { GapReason } from './continuity.ts'

/**
 * How a channel stands. `asOf` is the moment up to which everything is known to have arrived, by our
 * wall clock, in milliseconds since the Unix epoch.
 */
export type ChannelStatus =
  /** Not confirmed yet. */
  | { readonly name: 'pending' }
  /** Every event arrives. */
  | { readonly name: 'live' }
  /** The connection was away, or events are missing; they are being asked for. */
  | { readonly name: 'recovering'; readonly asOf: number }
  /**
   * It cannot be shown that nothing was missed. It stays so until somebody has fetched the state by
   * other means: `sync`, or {@link Subscription.caughtUp}.
   */
  | { readonly name: 'gap'; readonly reason: GapReason; readonly asOf: number }
  /** The server said no; subscribing anew asks again. */
  | { readonly name: 'refused'; readonly error: WirefoldError }

/**
 * Takes the events of a channel. What it throws, or rejects with, is reported and stops nothing.
 *
 * `LoggedPayload` is what the handler expects; it is not checked at run time.
 */
export type ChannelHandler<Payload = unknown> = (
  payload: Payload,
  event: EventFrame<string, Payload>,
) => unknown

/** How a channel is subscribed to. */
export interface SubscribeOptions {
  /** Releases the subscription when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives a refusal, unless `ready` was asked for, which then rejects with it. Without either it
   * goes to the client's `error` event.
   */
  readonly onError?: ((error: WirefoldError) => void) | undefined
  /**
   * `fold` runs before every `handle`, for whatever keeps state that handlers read.
   * @default 'handle'
   */
  readonly stage?: 'fold' | 'handle' | undefined
}

/**
 * One handler's part in a channel; call it to release it.
 *
 * The channel itself is left a little after its last handler was released.
 */
export interface Subscription extends Disposer {
  readonly channel: string
  /** How the channel stands, for all its handlers alike. */
  readonly status: Readable<ChannelStatus>
  /**
   * Resolves once the channel is live; rejects where it is refused or released before, or the client
   * ends. It never rejects unhandled.
   */
  readonly ready: Promise<void>
  /** The place of the last event that was delivered, where the backend has such places. */
  readonly position: Position | undefined
  /**
   * Has the channel subscribed to from the very beginning, for everybody: what its server tells at
   * first, such as who is present, is told again. Nothing counts as missed.
   */
  renew(): void
  /** What a gap has cost was fetched by other means: the channel is `live` again, for everybody. */
  caughtUp(): void
}
