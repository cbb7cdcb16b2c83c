import type { Clock } from '../../../base/clock.ts'
import { presenceChannel } from '../../../protocol/channel-name.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { PresenceEventPayload, PresenceUser } from '../../../protocol/presence.ts'
import type { NewEvent } from '../channel-event.ts'
import type { ResolvedPresenceLimits } from '../presence-limits.ts'
import { memberBytes } from '../presence-limits.ts'
import type {
  ClaimState,
  PresenceClaim,
  PresenceJoin,
  PresenceKey,
  PresenceLease,
  PresenceStore,
} from '../presence-store.ts'
import { presenceUser } from '../presence-store.ts'
import { PresenceTotals } from './presence-totals.ts'

/** A presence store in memory; every call takes effect before it returns. */
export class MemoryPresence implements PresenceStore {
  readonly #deps: MemoryPresenceDeps
  readonly #totals: PresenceTotals
  /** Users by resource. */
  readonly #resources = new Map<string, Map<string, Present>>()

  constructor(deps: MemoryPresenceDeps) {
    this.#deps = deps
    this.#totals = new PresenceTotals(deps.limits)
  }

  get reachMs(): number {
    return Number.POSITIVE_INFINITY
  }

  async join(member: PresenceJoin, lease: PresenceLease): Promise<void> {
    const { resource, userId, device, owner, name, meta: json } = member
    const users = this.#resources.get(resource) ?? new Map<string, Present>()
    const present: Present = users.get(userId) ?? { devices: new Map(), at: undefined }
    const former = present.devices.get(device)
    const bytes = memberBytes(member)
    this.#totals.change(member, former ? 0 : 1, bytes - (former?.bytes ?? 0))
    this.#resources.set(resource, users.set(userId, present))
    const meta = json === undefined ? undefined : JSON.parse(json)
    const held = { owner, name, json, meta, bytes, ...this.#leased(former, lease) }
    present.devices.set(device, held)
    if (former && former.json === json && former.name === name) return
    const changed = { id: device, meta, lastSeen: held.lastSeen }
    this.#publish(member, present, { device: changed })
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
      const devices = this.#user(claim)?.devices
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
    const users = Array.from(this.#resources.get(resource) ?? [], ([id, present]) =>
      userOf(id, present),
    )
    return { users, at: this.#deps.head(presenceChannel(resource)) }
  }

  async sweep(): Promise<readonly PresenceKey[]> {
    const now = this.#deps.clock.now()
    const swept: PresenceKey[] = []
    for (const [resource, users] of this.#resources) {
      for (const [userId, { devices }] of users) {
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
    this.#totals.clear()
  }

  #user({ resource, userId }: PresenceKey): Present | undefined {
    return this.#resources.get(resource)?.get(userId)
  }

  #held(claim: PresenceClaim): Device | undefined {
    const device = this.#user(claim)?.devices.get(claim.device)
    return device?.owner === claim.owner ? device : undefined
  }

  #leased(
    former: Device | undefined,
    { lastSeen, ttlMs }: PresenceLease,
  ): Pick<Device, 'lastSeen' | 'until'> {
    const until = this.#deps.clock.now() + ttlMs
    return { lastSeen: Math.max(former?.lastSeen ?? 0, lastSeen), until }
  }

  #remove(key: PresenceKey, { name, lastSeen, bytes }: Device): void {
    const { resource, userId, device } = key
    const users = this.#resources.get(resource)
    const present = users?.get(userId)
    if (!users || !present?.devices.delete(device)) return
    this.#totals.change(key, -1, -bytes)
    if (present.devices.size) {
      this.#publish(key, present, { gone: device })
      return
    }
    users.delete(userId)
    if (!users.size) this.#resources.delete(resource)
    this.#append('leave', key, { user: { id: userId, name, lastSeen } })
  }

  /** Publishes what changed of a user who is present after it. */
  #publish(
    key: PresenceKey,
    present: Present,
    change: Pick<PresenceEventPayload, 'device' | 'gone'>,
  ): void {
    const { id, name, lastSeen } = userOf(key.userId, present)
    const payload = { user: { id, name, lastSeen }, ...change }
    present.at =
      present.at === undefined
        ? this.#append('join', key, payload)
        : this.#append('update', key, { ...payload, after: present.at })
  }

  /** Adds an event to the channel of the resource; returns its offset. */
  #append(
    kind: 'join' | 'update' | 'leave',
    { resource }: PresenceKey,
    payload: PresenceEventPayload,
  ): number {
    const source = presenceChannel(resource)
    const json = JSON.stringify(payload)
    const timestamp = this.#deps.clock.wall()
    const type = `presence:${kind}`
    return this.#deps.append(source, { source, type, json, id: undefined, timestamp }).offset
  }
}

/** Dependencies of a {@link MemoryPresence}. */
export interface MemoryPresenceDeps {
  readonly clock: Clock
  readonly limits: ResolvedPresenceLimits
  /** Adds an event to a channel's history, synchronously, and returns its position. */
  readonly append: (channel: string, event: NewEvent) => Position
  /** Returns the newest position of a channel. */
  readonly head: (channel: string) => Position
}

interface Device {
  readonly owner: string
  readonly name: string | undefined
  readonly json: string | undefined
  /** `json` as a value. */
  readonly meta: unknown
  readonly bytes: number
  readonly lastSeen: number
  /** Expiry of the lease, on the monotonic clock. */
  readonly until: number
}

/** A user at a resource. */
interface Present {
  /** The devices by id, in the order in which they joined. */
  readonly devices: Map<string, Device>
  /** Offset of the last event; `undefined` until the first. */
  at: number | undefined
}

function userOf(id: string, { devices, at = 0 }: Present): PresenceUser {
  const stored = Array.from(devices, ([device, held]) => ({ ...held, id: device }))
  return presenceUser(id, at, stored)
}
