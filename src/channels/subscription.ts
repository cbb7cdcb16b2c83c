import type { Release } from '../base/disposable.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { EventFrame } from '../wire/frame.ts'

/** How a channel stands with the server. */
export type ChannelStatus =
  /** Not confirmed yet, or not any more because the connection is gone. */
  | { readonly name: 'pending' }
  /** Every event arrives. */
  | { readonly name: 'live' }
  /** The server said no; subscribing anew asks again. */
  | { readonly name: 'refused'; readonly error: WirefoldError }

/** Takes the events of a channel. What it throws, or rejects with, is reported and stops nothing. */
export type ChannelHandler<Payload = unknown> = (payload: Payload, event: EventFrame) => unknown

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
export interface Subscription extends Release {
  readonly channel: string
  /** How the channel stands, for all its handlers alike. */
  readonly status: Readable<ChannelStatus>
  /**
   * Resolves once the channel is live; rejects where it is refused or released before, or the client
   * ends. It never rejects unhandled.
   */
  readonly ready: Promise<void>
}
