import type { WirefoldError } from '../base/errors.ts'
import { tagged } from '../base/tagged.ts'
import type { ChannelScope } from './channel-scope.ts'
import { channelScope } from './channel-scope.ts'
import type { Subscriber } from './subscriber.ts'
import type { ChannelHandler } from './subscription.ts'

/** Subscriptions of a view that is opened and closed; it has no connection of its own. */
export interface Manager {
  /** Whether it is subscribed to its channels. */
  readonly active: boolean
  /** Subscribes to the channels; does nothing if it already is. */
  initialize(subscriber: Subscriber): void
  /** Releases the subscriptions; does nothing if there are none. It can be started again. */
  cleanup(): void
}

/**
 * Makes a manager, which subscribes to its channels at most once, however often it is started.
 *
 * @example
 * import { defineManager } from 'wirefold'
 *
 * const dashboard = defineManager({ topics: ['agent:*'], onEvent: () => refetchAgents() })
 * function mount() {
 *   dashboard.initialize(channels)
 *   return dashboard.cleanup
 * }
 */
export function defineManager<Payload = unknown>({
  topics,
  onEvent,
  onError,
}: ManagerOptions<Payload>): Manager {
  let current: ChannelScope | undefined
  return tagged<Manager>('Manager', {
    get active() {
      return current !== undefined
    },
    initialize(subscriber) {
      if (current) return
      const names = typeof topics === 'function' ? topics() : topics
      const fresh = channelScope(subscriber)
      try {
        for (const name of names) fresh.subscribe(name, onEvent, { onError })
        current = fresh
      } finally {
        // An invalid name throws half-way: release the subscriptions made before it.
        if (!current) fresh()
      }
    },
    cleanup() {
      current?.()
      current = undefined
    },
  })
}

/** Options of a manager. */
export interface ManagerOptions<Payload = unknown> {
  /** The channels to subscribe to: a list, or a function that is called with every start. */
  readonly topics: readonly string[] | (() => readonly string[])
  /** Handles the events of all channels: a reducer, a refetch, `contexts.fold`, and the like. */
  readonly onEvent: ChannelHandler<Payload>
  /**
   * Receives a channel's refusal.
   * @default the client's `error` event
   */
  readonly onError?: ((error: WirefoldError) => void) | undefined
}
