import type { Position } from '../../protocol/frame.ts'
import type { PresenceUser } from '../../protocol/presence.ts'

/** Which member: a user's device at a resource. */
export interface PresenceKey {
  readonly resource: string
  readonly userId: string
  readonly device: string
}

/** A member, and who speaks for it: of several connections of one device, the one that joined last. */
export interface PresenceClaim extends PresenceKey {
  readonly owner: string
}

/** A member as it joins. */
export interface PresenceJoin extends PresenceClaim {
  readonly name?: string | undefined
  /** What it tells of itself, as JSON text; `undefined` where that is nothing. */
  readonly meta: string | undefined
}

/** How long a member is believed to be there. */
export interface PresenceLease {
  /** When it last gave a sign of life, in milliseconds since the Unix epoch; this never goes back. */
  readonly lastSeen: number
  /** From now on, by the store's own clock, in milliseconds; whoever is not touched before is swept. */
  readonly ttlMs: number
}

/** What became of a claim: it stands, another connection has the member now, or nobody is there. */
export type ClaimState = 'held' | 'taken' | 'gone'

/**
 * Who is where, for all servers that share it.
 *
 * Each call is one step: what it changes for others is in the history of the channel
 * `presence:<resource>` when it resolves, as `presence:join` where the user was not there before,
 * `presence:update` where a device came, changed or went and the user stays, `presence:leave` where
 * the last went; each with `{user}` as it is now. What changes nothing but leases tells nobody.
 *
 * What is shared may be out of reach: then calls wait, or reject with `unavailable`.
 */
export interface PresenceStore {
  /** How far back nothing was lost, in milliseconds, as {@link PresenceStore.touch} found it last. */
  readonly reachMs: number
  /** Makes the owner's claim the one that counts; a member that was there already keeps its place. */
  join(member: PresenceJoin, lease: PresenceLease): Promise<void>
  /** Changes what a member tells of itself; false where the owner does not hold it. */
  update(claim: PresenceClaim, meta: string | undefined, lease: PresenceLease): Promise<boolean>
  /** Removes a member; false where the owner does not hold it. */
  leave(claim: PresenceClaim): Promise<boolean>
  /**
   * Renews leases, those that are held; nobody is told.
   *
   * @returns what became of each, in order
   */
  touch(
    claims: readonly (PresenceClaim & Pick<PresenceLease, 'lastSeen'>)[],
    ttlMs: number,
  ): Promise<readonly ClaimState[]>
  /** Who is at a resource, in the order in which they came, exactly as of a place in its channel. */
  present(
    resource: string,
  ): Promise<{ readonly users: readonly PresenceUser[]; readonly at: Position }>
  /** Removes the members whose lease has run out. */
  sweep(): Promise<readonly PresenceKey[]>
}

/** A device as a store of presence has it. */
export interface StoredDevice {
  readonly id: string
  readonly name: string | undefined
  readonly meta: unknown
  readonly lastSeen: number
}

/** A user by the devices, of which there is at least one, in the order in which they came. */
export function presenceUser(id: string, stored: readonly StoredDevice[]): PresenceUser {
  const { name, meta } = stored.at(-1) ?? {}
  const lastSeen = Math.max(...stored.map((device) => device.lastSeen))
  const devices = stored.map((device) => ({
    id: device.id,
    meta: device.meta,
    lastSeen: device.lastSeen,
  }))
  return { id, name, lastSeen, meta, devices }
}
