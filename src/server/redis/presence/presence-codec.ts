import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { PresenceUser } from '../../../protocol/presence.ts'
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

/** Decodes the state of a claim. */
export function readState(word: string): ClaimState {
  return word === 'held' || word === 'taken' ? word : 'gone'
}

/** Decodes the record of a user; users are ordered by `came`. */
export function readUser(
  id: string,
  record: string,
): { readonly came: number; readonly user: PresenceUser } {
  const { came, devices } = asFields(JSON.parse(record))
  const stored = listOf(devices).map((device) => {
    const fields = asFields(device)
    return {
      id: asString(fields.id) ?? '',
      name: asString(fromJson(fields.name)),
      meta: fromJson(fields.meta),
      lastSeen: asNumber(fields.seen) ?? 0,
    }
  })
  return { came: asNumber(came) ?? 0, user: presenceUser(id, stored) }
}

/** Decodes the keys of members. */
export function readKeys(json: string): readonly PresenceKey[] {
  return listOf(JSON.parse(json)).map((key) => {
    const [resource, userId, device] = listOf(key).map(String)
    return { resource: resource ?? '', userId: userId ?? '', device: device ?? '' }
  })
}

function fromJson(json: unknown): unknown {
  return typeof json === 'string' && json ? JSON.parse(json) : undefined
}
