import type { Untyped } from '../contract/contract-types.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { Linger } from './linger.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'

/**
 * The part of a `ChannelSubscriber` that helpers and managers use. It is structural: a subscriber with any
 * contract is one, and so is a mock.
 */
export interface Subscriber<C extends Untyped = Untyped> {
  /** Carries the type of the client's contract; never set at run time. */
  readonly contract?: C | undefined
  /** The port of the client. */
  readonly port: ClientPort
  /** @internal Functions to call after the linger time. */
  readonly lingering?: Linger | undefined
  /** Whether a channel has handlers, and has not ended. */
  follows(name: string): boolean
  /** Calls `handler` with every event of a channel, until the returned function is called. */
  subscribe(name: string, handler: ChannelHandler, options?: SubscribeOptions): Subscription
}
