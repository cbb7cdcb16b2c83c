import type { Fields } from '../protocol/fields.ts'
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
  const { id = fields.userId, name = fields.userName, meta = fields.metadata } = fields
  if (typeof id !== 'string') return undefined
  const devices = listOf(fields.devices).flatMap((device) => readDevice(device, now))
  return frozen({
    id,
    name: asString(name),
    lastSeen: readTime(fields.lastSeen) ?? now,
    meta: meta === undefined ? devices.at(-1)?.meta : meta,
    devices,
    at: asNumber(fields.at),
  })
}

/**
 * Returns a user after one of its devices came, changed (`device`) or left (`gone`). The other
 * devices stay the same objects.
 */
export function changeUser(
  user: PresenceUser,
  { device, gone }: Fields,
  now: number,
): PresenceUser {
  const devices = user.devices.filter(({ id }) => id !== gone)
  for (const changed of frozen(readDevice(device, now))) {
    const at = devices.findIndex(({ id }) => id === changed.id)
    devices[at < 0 ? devices.length : at] = changed
  }
  return Object.freeze({ ...user, meta: devices.at(-1)?.meta, devices: Object.freeze(devices) })
}

/**
 * Freezes all that is in a value, since the application gets it, and later ones are compared with
 * it; walks through JSON of any depth without recursion.
 */
function frozen<Value>(value: Value): Value {
  JSON.stringify(value, (_, part) => Object.freeze(part))
  return value
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

/** Whether two users differ at most in the times they were last seen. */
export function isAlike(one: PresenceUser, other: PresenceUser): boolean {
  return (
    one.name === other.name &&
    isSame(one.meta, other.meta) &&
    one.devices.length === other.devices.length &&
    one.devices.every((device, at) => {
      const second = other.devices[at]
      return device.id === second?.id && isSame(device.meta, second.meta)
    })
  )
}

/** Whether two metas are the same JSON; devices that did not change share one object. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

function readDevice(value: unknown, now: number): readonly PresenceDevice[] {
  const { id, meta, lastSeen } = asFields(value)
  return typeof id === 'string' ? [{ id, meta, lastSeen: readTime(lastSeen) ?? now }] : []
}

function readTime(value: unknown): number | undefined {
  return asNumber(typeof value === 'string' ? Date.parse(value) : value)
}
