import { asFields, asNumber, asString } from '../protocol/fields.ts'
import type { PresenceDevice, PresenceUser } from '../protocol/presence.ts'

/**
 * Reads a user in any of the shapes that backends send: `{id, name, lastSeen, meta, devices}`,
 * `{userId, userName, lastSeen, metadata}` with an ISO date, or a bare name.
 *
 * @param now `lastSeen` of a user without one, in milliseconds since the Unix epoch
 */
export function readUser(value: unknown, now: number): PresenceUser | undefined {
  const fields = typeof value === 'string' ? { id: value, name: value } : asFields(value)
  const { id = fields.userId, name = fields.userName, meta = fields.metadata, devices } = fields
  if (typeof id !== 'string') return undefined
  const user = {
    id,
    name: asString(name),
    lastSeen: readTime(fields.lastSeen) ?? now,
    meta,
    devices: listOf(devices).flatMap((device) => readDevice(device, now)),
  }
  // Freezes all that is in it, since the application gets it, and later ones are compared with it;
  // walks through JSON of any depth without recursion.
  JSON.stringify(user, (_, value) => Object.freeze(value))
  return user
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Reads a list of users; merges several entries of one user. */
export function readUsers(list: unknown, now: number): ReadonlyMap<string, PresenceUser> {
  const users = new Map<string, PresenceUser>()
  for (const value of listOf(list)) {
    const user = readUser(value, now)
    if (!user) continue
    const former = users.get(user.id)
    const lastSeen = Math.max(user.lastSeen, former?.lastSeen ?? 0)
    const devices = Object.freeze([...(former?.devices ?? []), ...user.devices])
    users.set(user.id, Object.freeze({ ...user, lastSeen, devices }))
  }
  return users
}

/** Returns a text that is equal for users who differ only in the times they were last seen. */
export function comparable({ name, meta, devices }: PresenceUser): string {
  return JSON.stringify([name, meta, devices.map((device) => [device.id, device.meta])])
}

function readDevice(value: unknown, now: number): readonly PresenceDevice[] {
  const { id, meta, lastSeen } = asFields(value)
  return typeof id === 'string' ? [{ id, meta, lastSeen: readTime(lastSeen) ?? now }] : []
}

function readTime(value: unknown): number | undefined {
  return asNumber(typeof value === 'string' ? Date.parse(value) : value)
}
