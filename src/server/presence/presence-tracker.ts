import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { badOption, WirefoldError } from '../../base/errors.ts'
import { presenceChannel } from '../../protocol/channel-name.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import { isUserId } from '../access/access.ts'
import { MemoryBroker } from '../broker/memory/memory-broker.ts'
import type {
  PresenceClaim,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../broker/presence-store.ts'
import { isResource, presenceMeta } from './presence-meta.ts'

/** Default values of {@link PresenceTrackerOptions}. */
export const presenceTrackerDefaults = { timeoutMs: 30_000 } as const

/**
 * Reads presence, and manages members that are not connections of a server, such as bots.
 *
 * Every change is an event on the channel `presence:<resource>`; heartbeats publish nothing. The
 * tracker has no timer: its owner calls {@link cleanupStale} regularly, unless a `RealtimeServer` with
 * the same store does, which sweeps once a client has joined or watched a resource.
 *
 * Methods reject with `bad-channel` if the resource cannot be part of a channel name, and with
 * `bad-option` if the `userId`, `device` or `owner` of a member is empty or not well-formed UTF-16.
 *
 * @example
 * const bot = { userId: 'bot', name: 'Helper' }
 * await server.presence.join('workspace/tasks', bot, { typing: false })
 * await server.presence.getPresent('workspace/tasks')
 */
export class PresenceTracker {
  readonly #store: PresenceStore
  readonly #clock: Clock
  readonly #timeoutMs: number

  /** Creates a tracker; without a store it keeps the members in memory. */
  constructor(options: PresenceTrackerOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#store = options.store ?? new MemoryBroker({ clock: this.#clock }).presence
    this.#timeoutMs = options.timeoutMs ?? presenceTrackerDefaults.timeoutMs
  }

  /**
   * Adds a member, or renews a present one with this meta.
   *
   * Rejects with `too-large` if the meta exceeds 4 KiB of JSON, and with `bad-payload` if it is not
   * JSON.
   *
   * @param meta data shown to others besides the name
   */
  async join(resource: string, member: PresenceMember, meta?: unknown): Promise<void> {
    const claim = claimOf(resource, member)
    const json = presenceMeta(meta)
    await this.#store.join({ ...claim, name: member.name, meta: json }, this.#lease())
  }

  /**
   * Replaces the meta of a member; rejects as {@link join} does.
   *
   * @returns false if the owner has no such member
   */
  async update(resource: string, member: PresenceMember, meta: unknown): Promise<boolean> {
    return this.#store.update(claimOf(resource, member), presenceMeta(meta), this.#lease())
  }

  /** Removes a member; returns false if the owner has no such member. */
  async leave(resource: string, member: PresenceMember): Promise<boolean> {
    return this.#store.leave(claimOf(resource, member))
  }

  /** Records a sign of life; returns false if the owner has no such member. */
  async heartbeat(resource: string, member: PresenceMember): Promise<boolean> {
    const { lastSeen, ttlMs } = this.#lease()
    const [state] = await this.#store.touch([{ ...claimOf(resource, member), lastSeen }], ttlMs)
    return state === 'held'
  }

  /** Returns the users at a resource, in the order in which they joined. */
  async getPresent(resource: string): Promise<readonly PresenceUser[]> {
    checkResource(resource)
    return (await this.#store.present(resource)).users
  }

  /**
   * Removes the members of all resources that are stale.
   *
   * @returns the keys of the removed members
   */
  cleanupStale(): Promise<readonly PresenceKey[]> {
    return this.#store.sweep()
  }

  #lease(): PresenceLease {
    return { lastSeen: this.#clock.wall(), ttlMs: this.#timeoutMs }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'PresenceTracker'
  }
}

/** A member of a resource: one device of a user. */
export interface PresenceMember {
  /** Id of the user. */
  readonly userId: string
  /** Name of the user for other users. */
  readonly name?: string | undefined
  /**
   * Id of the device; all devices of a user are shown as one user.
   * @default the user's id
   */
  readonly device?: string | undefined
  /**
   * Id of the device's owner, such as a connection. Only the owner that joined last can update the
   * member or make it leave.
   * @default the device
   */
  readonly owner?: string | undefined
}

/** Options of a {@link PresenceTracker}. */
export interface PresenceTrackerOptions {
  /**
   * The store of the members, shared by all servers of a broker: `broker.presence`.
   * @default that of a `MemoryBroker` of its own
   */
  readonly store?: PresenceStore | undefined
  /**
   * Time after its last sign of life when a member becomes stale, in milliseconds.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The source of time.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

function claimOf(resource: string, { userId, device = userId, owner = device }: PresenceMember) {
  checkResource(resource)
  for (const [option, id] of Object.entries({ userId, device, owner })) {
    // An untyped caller may leave one out: the member would become the user "undefined".
    if (isUserId(id)) continue
    const message = `The ${option} of a presence member is ${JSON.stringify(id)}. Give a string that is not empty, without half a surrogate pair.`
    throw badOption(option, message)
  }
  return { resource, userId, device, owner } satisfies PresenceClaim
}

function checkResource(resource: string): void {
  if (isResource(resource)) return
  const message = `${JSON.stringify(resource)} is not a resource. Give 1 to 247 characters, without control characters or \`:*\` at the end.`
  throw new WirefoldError('bad-channel', message, { channel: presenceChannel(resource) })
}
