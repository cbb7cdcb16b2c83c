import { WirefoldError } from '../../base/errors.ts'
import { withDefaults } from '../../base/known-names.ts'
import type { PresenceJoin } from './presence-store.ts'

/**
 * Limits of the members that a broker keeps; beyond them joins and updates are refused. The bytes
 * are those of meta, name and ids, and 128 for each device. `Infinity` disables a limit.
 */
export interface PresenceLimits {
  /**
   * Maximum number of devices of one user, at all resources together.
   * @default 1_000
   */
  readonly userDevices?: number | undefined
  /**
   * Maximum size of the devices of one user, at all resources together, in bytes.
   * @default 1_048_576
   */
  readonly userBytes?: number | undefined
  /**
   * Maximum number of devices at one resource.
   * @default 10_000
   */
  readonly resourceDevices?: number | undefined
  /**
   * Maximum size of the devices at one resource, in bytes; all of them are listed in one message.
   * @default 2_097_152
   */
  readonly resourceBytes?: number | undefined
}

/** Default values of {@link PresenceLimits}. */
export const presenceLimitDefaults = {
  userDevices: 1_000,
  userBytes: 1024 * 1024,
  resourceDevices: 10_000,
  resourceBytes: 2 * 1024 * 1024,
} as const

/** Limits with the defaults filled in. */
export type ResolvedPresenceLimits = { readonly [Name in keyof PresenceLimits]-?: number }

/** Fills in the defaults. */
export function resolvePresenceLimits(limits: PresenceLimits = {}): ResolvedPresenceLimits {
  return withDefaults('The option presence', limits, presenceLimitDefaults)
}

/** Bytes counted for a device besides its texts: its ids and times in a list of users. */
export const DEVICE_BYTES = 128

/** The names of the limits, in the order in which they are checked. */
const LIMITS = ['userDevices', 'userBytes', 'resourceDevices', 'resourceBytes'] as const

/** The devices and bytes of a user or of a resource. */
export interface PresenceTotal {
  readonly devices: number
  readonly bytes: number
}

/** Returns the size of a member. */
export function memberBytes({
  userId,
  device,
  name,
  meta = '',
}: Pick<PresenceJoin, 'userId' | 'device' | 'name' | 'meta'>): number {
  const json = name === undefined ? '' : JSON.stringify(name)
  const texts = [userId, device, json, meta]
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), DEVICE_BYTES)
}

/**
 * Throws the refusal of a change that leads beyond a limit; one that only takes less never does.
 *
 * @param user what the user holds before the change
 * @param resource what is held at the resource before the change
 */
export function checkPresence(
  limits: ResolvedPresenceLimits,
  user: PresenceTotal,
  resource: PresenceTotal,
  added: PresenceTotal,
): void {
  const after = {
    userDevices: [user.devices + added.devices, added.devices],
    userBytes: [user.bytes + added.bytes, added.bytes],
    resourceDevices: [resource.devices + added.devices, added.devices],
    resourceBytes: [resource.bytes + added.bytes, added.bytes],
  } as const
  for (const name of LIMITS) {
    const [total, more] = after[name]
    if (more > 0 && total > limits[name]) throw presenceRefusal(name, limits[name])
  }
}

/** Makes the error of a member for which there is no room. */
export function presenceRefusal(name: keyof PresenceLimits, limit: number): WirefoldError {
  const of = name.startsWith('user') ? 'The user has' : 'The resource has'
  const what = name.endsWith('Devices') ? 'too many devices' : 'too much data'
  const code: string = name.endsWith('Devices') ? 'subscription-limit' : 'too-large'
  const message = `${of} ${what} in presence: the limit ${name} is ${limit}.`
  const details = { limit: name, most: limit }
  return new WirefoldError(code, message, { code, message, retryable: false, details })
}
