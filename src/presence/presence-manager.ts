import type { Cancel } from '../base/clock.ts'
import type { Emitter, Unsubscribe } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import { checkNames, withDefaults } from '../base/known-names.ts'
import type { Readable, Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Linger } from '../channels/linger.ts'
import { lingerOf } from '../channels/linger.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { SendArgs } from '../contract/event-types.ts'
import type { ResourceArg } from '../contract/name-types.ts'
import type { MetaIn, MetaOut } from '../contract/presence-types.ts'
import type { ClientExtension } from '../ports/client-port.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import type { OwnPresenceDeps, PresenceHandle } from './own-presence.ts'
import { OwnPresence } from './own-presence.ts'
import type { PresenceChange } from './presence-state.ts'
import { PresenceView } from './presence-view.ts'

/** Default values of {@link PresenceOptions}. */
export const presenceDefaults = { throttleMs: 1_000 } as const

/**
 * Manages which users are present at resources, and the client's own presence.
 *
 * {@link enter} makes the client present, and following {@link of} watches the users who are; neither
 * implies the other. Both survive the loss of a connection.
 *
 * @example
 * import { PresenceManager } from 'wirefold'
 *
 * const presence = new PresenceManager(channels)
 * const here = presence.enter('workspace/tasks', { typing: false })
 * presence.of('workspace/tasks').subscribe((users) => render(users))
 * here.update({ typing: true })
 * here()
 */
export class PresenceManager<C extends Untyped = Untyped> {
  readonly #channels: Subscriber<C>
  readonly #lingering: Linger
  readonly #deps: OwnPresenceDeps
  readonly #events: Emitter<PresenceEvents>
  readonly #members: Writable<ReadonlyMap<string, readonly PresenceUser[]>>
  readonly #views = new Map<string, PresenceView>()
  readonly #ownPresences = new Map<string, OwnPresence>()
  #cancelHeartbeat: Cancel | undefined

  /** Creates the manager of a client; throws if there is one: two would contradict each other. */
  constructor(channels: Subscriber<C>, options: PresenceOptions = {}) {
    const { throttleMs } = withDefaults('PresenceManager', options, presenceDefaults)
    this.#channels = channels
    this.#lingering = lingerOf(channels)
    const { port } = channels
    this.#deps = { port, throttleMs, all: this.#ownPresences }
    this.#events = createEmitter(port.report)
    this.#members = followedStore(new Map(), port.report)
    port.join(this.#extension())
  }

  /** The users present, for all watched resources. A sign of life does not notify subscribers. */
  get members(): Readable<ReadonlyMap<string, readonly PresenceUser[]>> {
    return this.#members
  }

  /** Adds a listener for the watched resources; the returned function removes it. */
  on<Name extends keyof PresenceEvents>(event: Name, listener: PresenceEvents[Name]): Unsubscribe {
    checkNames('PresenceManager', { [event]: listener }, { changed: 0, seen: 0 })
    return this.#events.on(event, listener)
  }

  /**
   * Returns a store of the users at a resource, in the order in which they joined. The resource is
   * watched while the store has subscribers; otherwise the list is empty. A sign of life does not
   * notify subscribers.
   */
  of<const Name extends string>(
    resource: ResourceArg<C, Name>,
  ): Readable<readonly PresenceUser<MetaOut<C, Name>>[]> {
    // The contract types the metas that the server sends.
    return this.#usersOf(resource as string) as Readable<readonly PresenceUser<MetaOut<C, Name>>[]>
  }

  #usersOf(resource: string): Readable<readonly PresenceUser[]> {
    const known = this.#views.get(resource)
    if (known) return known.users
    const views = this.#views
    const channels = this.#channels
    const lingering = this.#lingering
    const stop = (): void => {
      if (views.get(resource) === view) views.delete(resource)
      view.detach()
    }
    const linger = (): void => lingering.add(stop)
    const followed = (): Unsubscribe => {
      // A view that was removed may be followed again.
      if (!views.has(resource)) views.set(resource, view)
      lingering.keep(stop)
      view.attach()
      return linger
    }
    const changed = (changes: readonly PresenceChange[]): void => this.#changed(resource, changes)
    const view: PresenceView = new PresenceView(resource, { channels, followed, changed })
    views.set(resource, view)
    linger()
    return view.users
  }

  /**
   * Makes this client present at a resource until the returned function is called or `signal` fires;
   * again after every loss of the connection.
   *
   * If several parts of the application enter one resource, it stays until the last has left, with
   * the meta that was set last. A backend that does not know the client's user may refuse.
   *
   * @param args the meta, which others see besides the name of the client's user: JSON, at most 4 KiB;
   * then the options
   */
  enter<const Name extends string>(
    name: ResourceArg<C, Name>,
    ...args: SendArgs<MetaIn<C, Name>, EnterOptions>
  ): PresenceHandle<MetaIn<C, Name>> {
    // The types of the arguments are known where the manager is used, not here.
    const resource = name as string
    this.#channels.port.checks?.resource(resource)
    const [meta, options = {}] = args as [unknown?, EnterOptions?]
    const own = this.#ownPresences.get(resource) ?? new OwnPresence(resource, this.#deps)
    this.#ownPresences.set(resource, own)
    const held = own.handle(options.signal)
    // A handle that is released already has no say in the meta of the others.
    if (!options.signal?.aborted) {
      own.want(meta)
      this.#channels.port.wake()
    }
    return held
  }

  #extension(): ClientExtension {
    return {
      order: 2,
      // The channels already count the handlers of views.
      handlers: 0,
      opening: () => {
        for (const own of [...this.#ownPresences.values()]) own.flush()
        this.#scheduleHeartbeat()
      },
      // Changes of other users arrive as events of channels.
      receive: () => false,
      disconnected: () => this.#disconnected(),
      forget: () => {
        for (const view of this.#views.values()) view.forget()
      },
      ended: (error) => {
        this.#disconnected()
        return [...this.#ownPresences.values()].map((own) => own.settle(error)).includes(true)
      },
    }
  }

  #disconnected(): void {
    this.#cancelHeartbeat?.()
    for (const own of [...this.#ownPresences.values()]) own.disconnected()
  }

  /** Sends heartbeats, for backends that need them to keep the client's presence. */
  #scheduleHeartbeat(): void {
    const { clock, dialect } = this.#channels.port
    const everyMs = dialect.presets.presenceHeartbeatMs
    if (everyMs === undefined) return
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = clock.after(everyMs, () => {
      for (const own of this.#ownPresences.values()) own.heartbeat()
      this.#scheduleHeartbeat()
    })
  }

  #changed(resource: string, changes: readonly PresenceChange[]): void {
    // The lists do not change with a sign of life.
    if (!changes.length || changes.some(({ kind }) => kind !== 'seen')) {
      const watched = [...this.#views].filter(([, { attached }]) => attached)
      this.#members.set(new Map(watched.map(([name, view]) => [name, view.users.get()])))
    }
    for (const change of changes) {
      this.#events.emit(change.kind === 'seen' ? 'seen' : 'changed', { resource, ...change })
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'PresenceManager'
  }
}

/** The events of a manager, for all watched resources. */
export interface PresenceEvents {
  /** A user joined, left, or changed their meta or devices. */
  changed(event: PresenceEvent): void
  /** Only the time of a user's last sign of life changed. */
  seen(event: PresenceEvent): void
}

/** A change of one user at a watched resource. */
export interface PresenceEvent extends PresenceChange {
  /** Resource at which the user is present. */
  readonly resource: string
}

/** Options of {@link PresenceManager.enter}. */
export interface EnterOptions {
  /** Leaves the resource when it fires. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a {@link PresenceManager}. */
export interface PresenceOptions {
  /**
   * The minimum time between two updates of the client's presence at one resource, in milliseconds;
   * of the updates in between only the last is sent.
   * @default 1_000
   */
  readonly throttleMs?: number | undefined
}
