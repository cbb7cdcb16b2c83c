import type { PresenceUser } from '../../protocol/presence.ts'

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
