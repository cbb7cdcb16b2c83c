import type { Cancel } from '../base/clock.ts'
import type { Followed, Readable, Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { Subscription } from '../channels/subscription.ts'
import { presenceChannel } from '../protocol/channel-name.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import type { PresenceChange } from './presence-state.ts'
import { foldPresence, unknownPresence } from './presence-state.ts'

const EMPTY: readonly PresenceUser[] = []

/** Minimum time between two requests for the whole list, in milliseconds. */
const RENEWAL_MS = 1_000

/** The users at one resource, known while it is attached. */
export class PresenceView {
  readonly #resource: string
  readonly #deps: PresenceViewDeps
  readonly #users: Writable<readonly PresenceUser[]>
  #state = unknownPresence
  #subscription: Subscription | undefined
  /** Time of the last request for the whole list, on the monotonic clock. */
  #renewedAt = Number.NEGATIVE_INFINITY
  #cancelRenewal: Cancel | undefined

  constructor(resource: string, deps: PresenceViewDeps) {
    this.#resource = resource
    this.#deps = deps
    this.#users = followedStore(EMPTY, deps.channels.port.report, deps.followed)
  }

  /** Whether the resource's channel is subscribed to. */
  get attached(): boolean {
    return this.#subscription !== undefined
  }

  /** The users, in the order in which they joined; none while it is not attached. */
  get users(): Readable<readonly PresenceUser[]> {
    return this.#users
  }

  /** Subscribes to the channel; does nothing if it already is. */
  attach(): void {
    if (this.#subscription) return
    const subscription: Subscription = this.#deps.channels.subscribe(
      presenceChannel(this.#resource),
      (_, event) => this.#fold(event, subscription),
      { stage: 'fold' },
    )
    this.#subscription = subscription
    // If the channel was subscribed to before, its `presence:sync` has passed: request it again.
    subscription.renew()
  }

  /** Unsubscribes, and empties the list. */
  detach(): void {
    this.#cancelRenewal?.()
    this.#cancelRenewal = undefined
    this.#subscription?.()
    this.#subscription = undefined
    this.forget()
  }

  /** Discards the known users. */
  forget(): void {
    this.#state = unknownPresence
    this.#users.set(EMPTY)
    this.#deps.changed([])
  }

  #fold(event: EventFrame, subscription: Subscription): void {
    const { clock } = this.#deps.channels.port
    const at = subscription.position?.offset ?? 0
    const { state, changes } = foldPresence(this.#state, event, at, event.timestamp ?? clock.wall())
    const first = this.#state.since === undefined && state.since !== undefined
    const listed = event.type === 'presence:sync'
    const renew = state.stale && (listed || !this.#state.stale)
    this.#state = state
    if (listed) subscription.caughtUp()
    if (first || changes.some(({ kind }) => kind !== 'seen')) {
      this.#users.set(Object.freeze([...state.users.values()]))
    }
    if (first || changes.length) this.#deps.changed(changes)
    if (renew) this.#renew()
  }

  /** Requests the whole list, at most once a second. */
  #renew(): void {
    const { clock } = this.#deps.channels.port
    const waitMs = Math.max(0, this.#renewedAt + RENEWAL_MS - clock.now())
    this.#cancelRenewal ??= clock.after(waitMs, () => {
      this.#cancelRenewal = undefined
      if (!this.#state.stale) return
      this.#renewedAt = clock.now()
      this.#subscription?.renew()
    })
  }
}

/** Dependencies of {@link PresenceView}. */
export interface PresenceViewDeps {
  readonly channels: Subscriber
  /** Called with the first follower; the function that it returns, with the last. */
  readonly followed: Followed
  /** Called with the changes, signs of life included. */
  readonly changed: (changes: readonly PresenceChange[]) => void
}
