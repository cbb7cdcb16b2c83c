import type { Position } from '../../protocol/frame.ts'
import type { PresenceEventPayload, PresenceUser } from '../../protocol/presence.ts'

/**
 * The members of all resources, for all servers that share the store.
 *
 * Each call is one step. When it resolves, its event is in the history of `presence:<resource>`:
 * `presence:join` for a user's first device, `presence:leave` for the last one, `presence:update`
 * for any other device that came, changed or left. The payload is a {@link PresenceEventPayload}:
 * only what changed. Calls that only renew leases publish nothing.
 *
 * Joins and updates beyond the `PresenceLimits` of the store are refused, and change nothing:
 * `subscription-limit` for too many devices, `too-large` for too many bytes.
 *
 * While a shared store cannot be reached, calls wait, or reject with `unavailable`.
 */
export interface PresenceStore {
  /** Time without data loss, in milliseconds, as of the last {@link PresenceStore.touch}. */
  readonly reachMs: number
  /** Adds a member, or gives a present one its new owner; its order stays the same. */
  join(member: PresenceJoin, lease: PresenceLease): Promise<void>
  /** Replaces a member's data; false if the claim is not held. */
  update(claim: PresenceClaim, meta: string | undefined, lease: PresenceLease): Promise<boolean>
  /** Removes a member; false if the claim is not held. */
  leave(claim: PresenceClaim): Promise<boolean>
  /**
   * Renews the leases of held claims; publishes nothing.
   *
   * @returns the state of each claim, in order
   */
  touch(
    claims: readonly (PresenceClaim & Pick<PresenceLease, 'lastSeen'>)[],
    ttlMs: number,
  ): Promise<readonly ClaimState[]>
  /**
   * Returns the users at a resource in the order in which they joined, and the position in its
   * channel that this state belongs to.
   */
  present(
    resource: string,
  ): Promise<{ readonly users: readonly PresenceUser[]; readonly at: Position }>
  /** Removes the members whose lease has expired, and returns their keys. */
  sweep(): Promise<readonly PresenceKey[]>
}

/** The key of a member: one device of a user at a resource. */
export interface PresenceKey {
  /** The resource at which the user is present. */
  readonly resource: string
  /** Id of the user. */
  readonly userId: string
  /** Id of the device, unique for the user. */
  readonly device: string
}

/** A member and its owner: of several connections of a device, the one that joined last. */
export interface PresenceClaim extends PresenceKey {
  /** Id of the connection that owns the member. */
  readonly owner: string
}

/** A member that joins. */
export interface PresenceJoin extends PresenceClaim {
  /** Name of the user for other users. */
  readonly name?: string | undefined
  /** The member's own data as JSON text, if any. */
  readonly meta: string | undefined
}

/** The lease of a member. */
export interface PresenceLease {
  /** Last sign of life, in milliseconds since the Unix epoch; the store never moves it back. */
  readonly lastSeen: number
  /** Lifetime from now on, by the store's clock, in milliseconds; expired members are swept. */
  readonly ttlMs: number
}

/** The state of a claim: still held, taken by another connection, or the member is gone. */
export type ClaimState = 'held' | 'taken' | 'gone'

/** A device in a presence store. */
export interface StoredDevice {
  readonly id: string
  readonly name: string | undefined
  readonly meta: unknown
  readonly lastSeen: number
}

/**
 * Builds a user from its devices, at least one, in the order in which they joined. Name and meta
 * are those of the newest device.
 */
export function presenceUser(
  id: string,
  at: number,
  stored: readonly StoredDevice[],
): PresenceUser {
  const { name, meta } = stored.at(-1) ?? {}
  const lastSeen = Math.max(...stored.map((device) => device.lastSeen))
  const devices = stored.map((device) => ({
    id: device.id,
    meta: device.meta,
    lastSeen: device.lastSeen,
  }))
  return { id, name, lastSeen, meta, devices, at }
}
