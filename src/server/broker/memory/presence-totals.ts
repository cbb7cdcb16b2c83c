import type { PresenceTotal, ResolvedPresenceLimits } from '../presence-limits.ts'
import { checkPresence } from '../presence-limits.ts'

const NOTHING: PresenceTotal = { devices: 0, bytes: 0 }

/** The devices and bytes of each user and resource in a presence store in memory. */
export class PresenceTotals {
  readonly #limits: ResolvedPresenceLimits
  readonly #users = new Map<string, PresenceTotal>()
  readonly #resources = new Map<string, PresenceTotal>()

  constructor(limits: ResolvedPresenceLimits) {
    this.#limits = limits
  }

  /** Adds a change; throws the refusal, and adds nothing, if it leads beyond a limit. */
  change(
    { userId, resource }: { readonly userId: string; readonly resource: string },
    devices: number,
    bytes: number,
  ): void {
    const user = this.#users.get(userId) ?? NOTHING
    const there = this.#resources.get(resource) ?? NOTHING
    checkPresence(this.#limits, user, there, { devices, bytes })
    set(this.#users, userId, user, { devices, bytes })
    set(this.#resources, resource, there, { devices, bytes })
  }

  /** Forgets everything. */
  clear(): void {
    this.#users.clear()
    this.#resources.clear()
  }
}

function set(
  totals: Map<string, PresenceTotal>,
  name: string,
  before: PresenceTotal,
  added: PresenceTotal,
): void {
  const devices = before.devices + added.devices
  if (devices) totals.set(name, { devices, bytes: before.bytes + added.bytes })
  else totals.delete(name)
}
