import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { PresenceUser } from '../../../protocol/presence.ts'
import type { ResolvedPresenceLimits } from '../../broker/presence-limits.ts'
import type { ClaimState, PresenceKey } from '../../broker/presence-store.ts'
import { presenceUser } from '../../broker/presence-store.ts'
import { listOf } from '../connection/resp-values.ts'

/** Maximum duration of a lease, in milliseconds: one year. */
const LONGEST_MS = 365 * 24 * 60 * 60_000

/** Encodes a time for the scripts, which expect whole milliseconds. */
export function writeTime(ms: number): string {
  return `${Math.floor(ms)}`
}

/** Encodes the duration of a lease. */
export function writeTtl(ms: number): string {
  return writeTime(Math.min(ms, LONGEST_MS))
}

/** Encodes limits; those without a number that Redis could read are the largest one. */
export function writeLimits(limits: ResolvedPresenceLimits): string {
  const { userDevices, userBytes, resourceDevices, resourceBytes } = limits
  return [userDevices, userBytes, resourceDevices, resourceBytes]
    .map((limit) => `${Math.min(limit, Number.MAX_SAFE_INTEGER)}`)
    .join(' ')
}

/** Whether a word names a limit. */
export function isLimit(
  word: string,
  limits: ResolvedPresenceLimits,
): word is keyof ResolvedPresenceLimits {
  return Object.hasOwn(limits, word)
}

/** Decodes the state of a claim. */
export function readState(word: string): ClaimState {
  return word === 'held' || word === 'taken' ? word : 'gone'
}

/**
 * Decodes the record of a user; users are ordered by `came`.
 *
 * @param metas the metas of all devices, by the JSON of user and device
 */
export function readUser(
  id: string,
  record: string,
  metas: ReadonlyMap<string, string>,
): { readonly came: number; readonly user: PresenceUser } {
  const { came, at, devices } = asFields(JSON.parse(record))
  const stored = listOf(devices).map((device) => {
    const fields = asFields(device)
    const deviceId = asString(fields.id) ?? ''
    return {
      id: deviceId,
      name: asString(fromJson(fields.name)),
      meta: fromJson(metas.get(metaKey(id, deviceId))),
      lastSeen: asNumber(fields.seen) ?? 0,
    }
  })
  return { came: asNumber(came) ?? 0, user: presenceUser(id, asNumber(at) ?? 0, stored) }
}

/** Decodes the metas of devices, by {@link metaKey}. */
export function readMetas(
  pairs: readonly (readonly [string, unknown])[],
): ReadonlyMap<string, string> {
  return new Map(
    pairs.map(([key, meta]) => {
      // Redis escapes other characters than JSON.stringify.
      const [user, device] = listOf(JSON.parse(key)).map(String)
      return [metaKey(user ?? '', device ?? ''), String(meta)]
    }),
  )
}

/** Decodes the keys of members. */
export function readKeys(json: string): readonly PresenceKey[] {
  return listOf(JSON.parse(json)).map((key) => {
    const [resource, userId, device] = listOf(key).map(String)
    return { resource: resource ?? '', userId: userId ?? '', device: device ?? '' }
  })
}

function metaKey(user: string, device: string): string {
  return JSON.stringify([user, device])
}

function fromJson(json: unknown): unknown {
  return typeof json === 'string' && json ? JSON.parse(json) : undefined
}
