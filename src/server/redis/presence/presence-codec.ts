import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { PresenceUser } from '../../../protocol/presence.ts'
import type { ClaimState, PresenceKey } from '../../broker/presence-store.ts'
import { presenceUser } from '../../broker/presence-store.ts'
import { listOf } from '../connection/resp-values.ts'

/** The longest lease, in milliseconds: a year. */
const LONGEST_MS = 365 * 24 * 60 * 60_000

/** Writes a time of a member: what the scripts count with are whole milliseconds. */
export function writeTime(ms: number): string {
  return `${Math.floor(ms)}`
}

/** Writes how long a member is believed to be there. */
export function writeTtl(ms: number): string {
  return writeTime(Math.min(ms, LONGEST_MS))
}

/** Reads what became of a claim. */
export function readState(word: string): ClaimState {
  return word === 'held' || word === 'taken' ? word : 'gone'
}

/** Reads the record of a user, with the number by which users are in the order in which they came. */
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

/** Reads the keys of members. */
export function readKeys(json: string): readonly PresenceKey[] {
  return listOf(JSON.parse(json)).map((key) => {
    const [resource, userId, device] = listOf(key).map(String)
    return { resource: resource ?? '', userId: userId ?? '', device: device ?? '' }
  })
}

function fromJson(json: unknown): unknown {
  return typeof json === 'string' && json ? JSON.parse(json) : undefined
}
