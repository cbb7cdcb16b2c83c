import type { WirefoldError } from '../base/errors.ts'
import { tagged } from '../base/tagged.ts'
import type { ChannelScope } from './channel-scope.ts'
import { channelScope } from './channel-scope.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'
import type { ChannelHandler } from './subscription.ts'

/** What a manager follows, and who hears of it. */
export interface ManagerOptions<Payload = unknown> {
  /** The channels, the same each time or made anew with every start. */
  readonly topics: readonly string[] | (() => readonly string[])
  /** Hears of every event of every channel: a reducer, a refetch, `contexts.fold`, or anything else. */
  readonly onEvent: ChannelHandler<Payload>
  /**
   * Receives a channel's refusal.
   * @default the client's `error` event
   */
  readonly onError?: ((error: WirefoldError) => void) | undefined
}

/** Follows channels for a view that comes and goes; it has no connection of its own. */
export interface Manager {
  /** Whether it follows its channels. */
  readonly active: boolean
  /** Begins to follow; nothing happens where it does already. */
  initialize(subscriber: ChannelSubscriber): void
  /** Lets go of everything; nothing happens where it has. It can be started again. */
  cleanup(): void
}

/**
 * Makes the manager of a kind of view, which follows its channels at most once, however often it is
 * started.
 *
 * @example
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
  let bag: ChannelScope | undefined
  return tagged<Manager>('Manager', {
    get active() {
      return bag !== undefined
    },
    initialize(subscriber) {
      if (bag) return
      const names = typeof topics === 'function' ? topics() : topics
      const fresh = channelScope(subscriber)
      try {
        for (const name of names) fresh.subscribe(name, onEvent, { onError })
        bag = fresh
      } finally {
        // A name that is none stops it half-way: nothing is left behind.
        if (!bag) fresh()
      }
    },
    cleanup() {
      bag?.()
      bag = undefined
    },
  })
}
