import type { Cancel } from '../base/clock.ts'
import type { Emitter, Unsubscribe } from '../base/emitter.ts'
import { createEmitter } from '../base/emitter.ts'
import { Linger } from '../base/linger.ts'
import type { Readable, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import { channelDefaults } from '../channels/channel-subscriber.ts'
import type { ClientExtension, ClientPort } from '../ports/client-port.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import { OwnPresence } from './own-presence.ts'
import type { PresenceHandle } from './own-presence-handle.ts'
import { ownPresenceHandle } from './own-presence-handle.ts'
import type { PresenceChange } from './presence-state.ts'
import { PresenceView } from './presence-view.ts'

/** What a manager can be told. */
export interface PresenceOptions {
  /**
   * The least time between two updates of our being at one resource, in milliseconds; of those that
   * come in between the last is told.
   * @default 1_000
   */
  readonly throttleMs?: number | undefined
}

/** What holds where nothing is said. */
export const presenceDefaults = { throttleMs: 1_000 } as const

/** Something that has happened to a user at a resource that is watched. */
export interface PresenceEvent extends PresenceChange {
  readonly resource: string
}

/** What a manager tells of the resources that are watched. */
export interface PresenceEvents {
  /** Somebody came, tells something else of themselves, or went. */
  changed(event: PresenceEvent): void
  /** Nothing is different, but somebody gave a sign of life. */
  seen(event: PresenceEvent): void
}

/**
 * Tells who is where, and where we are.
 *
 * To be somewhere and to watch who is there are two things: {@link enter} is the one, following
 * {@link of} the other. Both outlive the connection.
 *
 * @example
 * const presence = new PresenceManager(channels)
 * const here = presence.enter('workspace/tasks', { typing: false })
 * presence.of('workspace/tasks').subscribe((users) => render(users))
 * here.update({ typing: true })
 * here()
 */
export class PresenceManager {
  readonly #port: ClientPort
  readonly #channels: ChannelSubscriber
  readonly #throttleMs: number
  readonly #events: Emitter<PresenceEvents>
  readonly #members: Writable<ReadonlyMap<string, readonly PresenceUser[]>>
  readonly #views = new Map<string, PresenceView>()
  readonly #linger: Linger<PresenceView>
  readonly #ownPresences = new Map<string, OwnPresence>()
  #cancelBeat: Cancel | undefined

  /** Throws where the client has a manager already: two would contradict each other. */
  constructor(channels: ChannelSubscriber, options: PresenceOptions = {}) {
    this.#channels = channels
    this.#port = channels.port
    this.#throttleMs = options.throttleMs ?? presenceDefaults.throttleMs
    const { clock, report } = this.#port
    this.#events = createEmitter(report)
    this.#members = createStore<ReadonlyMap<string, readonly PresenceUser[]>>(new Map(), {
      onError: report,
    })
    this.#linger = new Linger(clock, channelDefaults.lingerMs, (views) => this.#drop(views))
    this.#port.join(this.#extension())
  }

  /** Who is where, of all resources that are watched. */
  get members(): Readable<ReadonlyMap<string, readonly PresenceUser[]>> {
    return this.#members
  }

  /** Follows what happens at the resources that are watched; the returned function stops it. */
  on<Name extends keyof PresenceEvents>(event: Name, listener: PresenceEvents[Name]): Unsubscribe {
    return this.#events.on(event, listener)
  }

  /**
   * Who is at a resource, in the order in which they came. It is watched while somebody follows this,
   * and empty otherwise. A sign of life is no change.
   */
  of(resource: string): Readable<readonly PresenceUser[]> {
    const known = this.#views.get(resource)
    if (known) return known
    const view: PresenceView = new PresenceView(resource, {
      channels: this.#channels,
      followed: () => {
        // One that was let go long ago may be followed again.
        if (!this.#views.has(resource)) this.#views.set(resource, view)
        this.#linger.keep(view)
        view.attach()
      },
      left: () => this.#linger.add(view),
      changed: (changes) => this.#changed(resource, changes),
    })
    this.#views.set(resource, view)
    this.#linger.add(view)
    return view
  }

  /**
   * Has us be at a resource, until the returned function is called or `signal` fires; again after
   * every loss of the connection.
   *
   * Where several parts of the application are at one resource we are there until the last has left,
   * with the meta that was given last. A backend that does not know who we are may refuse.
   *
   * @param meta what others are told of us besides the name: JSON, at most 4 KiB
   */
  enter(
    resource: string,
    meta?: unknown,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): PresenceHandle {
    const own = this.#ownPresences.get(resource) ?? this.#ownPresence(resource)
    const held = ownPresenceHandle(own, options.signal)
    own.want(meta)
    this.#port.wake()
    return held
  }

  #ownPresence(resource: string): OwnPresence {
    const own = new OwnPresence(resource, {
      port: this.#port,
      throttleMs: this.#throttleMs,
      over: () => this.#ownPresences.delete(resource),
    })
    this.#ownPresences.set(resource, own)
    return own
  }

  #extension(): ClientExtension {
    return {
      order: 2,
      // Those of a view are the channels' already.
      handlers: 0,
      opening: () => {
        for (const own of [...this.#ownPresences.values()]) own.flush()
        this.#beat()
      },
      // What is told of others are events of channels.
      receive: () => false,
      disconnected: () => this.#cut(),
      forget: () => {
        for (const view of this.#views.values()) view.forget()
      },
      ended: (error) => {
        this.#cut()
        this.#linger.flush()
        for (const own of this.#ownPresences.values()) own.settle(error)
      },
    }
  }

  #cut(): void {
    this.#cancelBeat?.()
    for (const own of [...this.#ownPresences.values()]) own.cut()
  }

  /** Keeps telling that we are there, to a backend that wants to be told. */
  #beat(): void {
    const { clock, dialect } = this.#port
    const everyMs = dialect.presets.presenceHeartbeatMs
    if (everyMs === undefined) return
    this.#cancelBeat?.()
    this.#cancelBeat = clock.after(everyMs, () => {
      for (const own of this.#ownPresences.values()) own.beat()
      this.#beat()
    })
  }

  #drop(views: readonly PresenceView[]): void {
    for (const view of views) {
      if (this.#views.get(view.resource) === view) this.#views.delete(view.resource)
      view.detach()
    }
  }

  #changed(resource: string, changes: readonly PresenceChange[]): void {
    const watched = [...this.#views].filter(([, { attached }]) => attached)
    this.#members.set(new Map(watched.map(([name, view]) => [name, view.get()])))
    for (const change of changes) {
      this.#events.emit(change.kind === 'seen' ? 'seen' : 'changed', { resource, ...change })
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'PresenceManager'
  }
}
