import type { Clock } from '../../../base/clock.ts'
import { presenceChannel } from '../../../protocol/channel-name.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { PresenceUser } from '../../../protocol/presence.ts'
import type { NewEvent } from '../channel-event.ts'
import type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../presence-store.ts'
import { presenceUser } from '../presence-store.ts'

/** A presence store in memory; every call takes effect before it returns. */
export class MemoryPresence implements PresenceStore {
  readonly #deps: MemoryPresenceDeps
  /** Devices by resource, then by user. */
  readonly #resources = new Map<string, Map<string, Devices>>()

  constructor(deps: MemoryPresenceDeps) {
    this.#deps = deps
  }

  get reachMs(): number {
    return Number.POSITIVE_INFINITY
  }

  async join(member: PresenceJoin, lease: PresenceLease): Promise<void> {
    const { resource, userId, device, owner, name, meta: json } = member
    const users = this.#resources.get(resource) ?? new Map<string, Devices>()
    this.#resources.set(resource, users)
    const devices: Devices = users.get(userId) ?? new Map()
    const came = !devices.size
    users.set(userId, devices)
    const former = devices.get(device)
    const meta = json === undefined ? undefined : JSON.parse(json)
    devices.set(device, { owner, name, json, meta, ...this.#leased(former, lease) })
    if (former && former.json === json && former.name === name) return
    this.#publishUser(came ? 'join' : 'update', member, devices)
  }

  async update(
    claim: PresenceClaim,
    meta: string | undefined,
    lease: PresenceLease,
  ): Promise<boolean> {
    const held = this.#held(claim)
    if (!held) return false
    await this.join({ ...claim, name: held.name, meta }, lease)
    return true
  }

  async leave(claim: PresenceClaim): Promise<boolean> {
    const held = this.#held(claim)
    if (held) this.#remove(claim, held)
    return held !== undefined
  }

  async touch(
    claims: readonly (PresenceClaim & Pick<PresenceLease, 'lastSeen'>)[],
    ttlMs: number,
  ): Promise<readonly ClaimState[]> {
    return claims.map((claim) => {
      const devices = this.#devices(claim)
      const device = devices?.get(claim.device)
      if (!devices || !device) return 'gone'
      if (device.owner !== claim.owner) return 'taken'
      const { lastSeen } = claim
      devices.set(claim.device, { ...device, ...this.#leased(device, { lastSeen, ttlMs }) })
      return 'held'
    })
  }

  async present(
    resource: string,
  ): Promise<{ readonly users: readonly PresenceUser[]; readonly at: Position }> {
    const users = Array.from(this.#resources.get(resource) ?? [], ([id, devices]) =>
      userOf(id, devices),
    )
    return { users, at: this.#deps.head(presenceChannel(resource)) }
  }

  async sweep(): Promise<readonly PresenceKey[]> {
    const now = this.#deps.clock.now()
    const swept: PresenceKey[] = []
    for (const [resource, users] of this.#resources) {
      for (const [userId, devices] of users) {
        for (const [device, held] of devices) {
          // Timers may fire slightly early; half a millisecond is not worth another sweep.
          if (held.until - now > 0.5) continue
          this.#remove({ resource, userId, device }, held)
          swept.push({ resource, userId, device })
        }
      }
    }
    return swept
  }

  /** Removes all members without publishing events. */
  clear(): void {
    this.#resources.clear()
  }

  #devices({ resource, userId }: PresenceKey): Devices | undefined {
    return this.#resources.get(resource)?.get(userId)
  }

  #held(claim: PresenceClaim): Device | undefined {
    const device = this.#devices(claim)?.get(claim.device)
    return device?.owner === claim.owner ? device : undefined
  }

  #leased(
    former: Device | undefined,
    { lastSeen, ttlMs }: PresenceLease,
  ): Pick<Device, 'lastSeen' | 'until'> {
    const until = this.#deps.clock.now() + ttlMs
    return { lastSeen: Math.max(former?.lastSeen ?? 0, lastSeen), until }
  }

  #remove(key: PresenceKey, { name, lastSeen }: Device): void {
    const { resource, userId, device } = key
    const users = this.#resources.get(resource)
    const devices = users?.get(userId)
    if (!users || !devices?.delete(device)) return
    if (devices.size) {
      this.#publishUser('update', key, devices)
      return
    }
    users.delete(userId)
    if (!users.size) this.#resources.delete(resource)
    this.#publish('leave', key, { id: userId, name, lastSeen, devices: [] })
  }

  #publishUser(kind: 'join' | 'update', key: PresenceKey, devices: Devices): void {
    this.#publish(kind, key, userOf(key.userId, devices))
  }

  #publish(kind: string, { resource }: PresenceKey, user: PresenceUser): void {
    const source = presenceChannel(resource)
    const json = JSON.stringify({ user })
    const timestamp = this.#deps.clock.wall()
    this.#deps.append(source, { source, type: `presence:${kind}`, json, id: undefined, timestamp })
  }
}

/** Dependencies of a {@link MemoryPresence}. */
export interface MemoryPresenceDeps {
  readonly clock: Clock
  /** Adds an event to a channel's history, synchronously. */
  readonly append: (channel: string, event: NewEvent) => void
  /** Returns the newest position of a channel. */
  readonly head: (channel: string) => Position
}

interface Device {
  readonly owner: string
  readonly name: string | undefined
  readonly json: string | undefined
  /** `json` as a value. */
  readonly meta: unknown
  readonly lastSeen: number
  /** Expiry of the lease, on the monotonic clock. */
  readonly until: number
}

/** The devices of a user by id, in the order in which they joined. */
type Devices = Map<string, Device>

function userOf(id: string, devices: Devices): PresenceUser {
  return presenceUser(
    id,
    Array.from(devices, ([device, held]) => ({ ...held, id: device })),
  )
}
