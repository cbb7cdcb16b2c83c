import type { Unsubscribe } from '../../base/emitter.ts'
import { badOption, WirefoldError } from '../../base/errors.ts'
import type { Writable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import { ChannelSubscriber } from '../../channels/channel-subscriber.ts'
import { feed } from '../../channels/feed.ts'
import type { Subscriber } from '../../channels/subscriber.ts'
import type { RealtimeClient } from '../../client/realtime-client.ts'
import type { Untyped } from '../../contract/contract-types.ts'
import { OptimisticManager } from '../../optimistic/optimistic-manager.ts'
import type { EntityApi } from '../../optimistic/optimistic-options.ts'
import type { Sink } from '../../ports/event-sink.ts'
import { PresenceManager } from '../../presence/presence-manager.ts'
import { subscribed } from './channel-view.ts'
import type { EntitySource } from './entity-types.ts'

/** A client and the parts that components use; those that are left out are made when they are needed. */
export interface RealtimeOptions<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
> {
  /** The client. Its owner closes it. */
  readonly client: RealtimeClient<C>
  /**
   * The subscriber of the client.
   * @default the one that other components with this client use
   */
  readonly channels?: Subscriber<C> | undefined
  /** The registry that `useEntity` reads, and that `useChannel` without a handler feeds. */
  readonly contexts?: (R & Sink) | undefined
  /**
   * The presence of the client.
   * @default the one that other components with this client use
   */
  readonly presence?: PresenceManager<C> | undefined
  /**
   * The manager that shows unconfirmed changes.
   * @default the one that other components with this client use, with this `api`
   */
  readonly optimistic?: OptimisticManager<C> | undefined
  /** The requests that the changes of a list send. May be written inline. */
  readonly api?: EntityApi<C> | undefined
}

/** The meta of this page at a resource, and the number of components that hold it. */
export interface OwnMeta {
  readonly meta: unknown
  readonly holders: number
}

/** A client and its parts, which components get from their context. Making it opens nothing. */
export class RealtimeParts {
  /** The client of the page. */
  readonly client: RealtimeClient
  /** @internal The options; a framework replaces them where only the `api` differs. */
  options: RealtimeOptions
  readonly #feeds = new Map<string, Feed>()

  constructor(options: RealtimeOptions) {
    if (!options.client)
      throw badOption('client', 'There is no client. Pass `client` to the provider.')
    this.options = options
    this.client = options.client
  }

  /** @internal The metas with which components are present, by resource. */
  get metas(): Writable<ReadonlyMap<string, OwnMeta>> {
    const made = madeFor(this.client)
    made.metas ??= followedStore(new Map(), this.client.port.report)
    return made.metas
  }

  /** The subscriber of the client. */
  get channels(): Subscriber {
    const made = madeFor(this.client)
    made.channels ??= this.options.channels ?? subscriberOf(this.client)
    return this.options.channels ?? made.channels
  }

  /** The presence of the client. */
  get presence(): PresenceManager {
    const made = madeFor(this.client)
    made.presence ??= this.options.presence ?? new PresenceManager(this.channels)
    return this.options.presence ?? made.presence
  }

  /** The manager that shows unconfirmed changes; a change that is made at once uses this `api`. */
  get optimistic(): OptimisticManager {
    const { client, channels, options } = this
    if (options.optimistic) return options.optimistic
    const made = madeFor(client)
    made.caller = this
    made.optimistic ??= new OptimisticManager({
      ...{ client, channels },
      // The manager reads it as a change is made. Showing the change may let another provider make one.
      get api() {
        return apiOf(made.caller)
      },
    })
    return made.optimistic
  }

  /** The registry; throws where there is none. */
  get contexts(): EntitySource & Sink {
    const { contexts } = this.options
    if (contexts) return contexts
    throw badOption('contexts', 'There is no registry. Pass `contexts` to the provider.')
  }

  /**
   * Folds the events of a channel into the registry, once for all its callers; only follows the
   * channel where there is none.
   */
  feed(channel: string): Unsubscribe {
    const { channels } = this
    const { contexts = NO_REGISTRY } = this.options
    const own = this.#feeds.get(channel) ?? {
      callers: 0,
      end: subscribed(channels, () => feed(channels, channel, contexts)),
    }
    this.#feeds.set(channel, own)
    own.callers++
    let live = true
    return () => {
      if (!live) return
      live = false
      own.callers--
      if (own.callers > 0) return
      this.#feeds.delete(channel)
      own.end()
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'RealtimeParts'
  }
}

/** Takes the events of channels that are only followed. */
const NO_REGISTRY: Sink = { fold() {} }

function subscriberOf(client: RealtimeClient): Subscriber {
  try {
    return new ChannelSubscriber(client)
  } catch (cause) {
    const advice = 'Pass the ChannelSubscriber of this client to the provider, as `channels`.'
    throw new WirefoldError('bad-option', advice, { option: 'channels' }, { cause })
  }
}

interface Feed {
  readonly end: Unsubscribe
  callers: number
}

/** The parts of which a client takes one. */
interface Made {
  channels?: Subscriber
  presence?: PresenceManager
  optimistic?: OptimisticManager
  /** The metas with which components are present, by resource. */
  metas?: Writable<ReadonlyMap<string, OwnMeta>>
  /** The parts by which the latest change is made: providers of one client may have different `api`s. */
  caller?: RealtimeParts
}

/** Returns requests by the newest `api` of parts. */
function apiOf(caller: RealtimeParts | undefined): EntityApi {
  const api = (): EntityApi => {
    const own = caller?.options.api
    if (own) return own
    throw badOption('api', 'There are no requests for changes. Pass `api` to the provider.')
  }
  return {
    create: async (...args) => api().create(...args),
    update: async (...args) => api().update(...args),
    delete: async (...args) => api().delete(...args),
  }
}

// Registered by name, so that a module that is loaded again finds the parts that the former has made.
const MADE: unique symbol = /* @__PURE__ */ Symbol.for('wirefold.made') as never

/**
 * Returns the parts made for a client. They are kept at the client itself: a render that is discarded,
 * a second provider or a reloaded module would otherwise make a second subscriber.
 */
function madeFor(client: RealtimeClient & { [MADE]?: Made }): Made {
  if (!client[MADE]) Object.defineProperty(client, MADE, { value: {} })
  return client[MADE] ?? {}
}
