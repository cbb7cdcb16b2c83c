import { asFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import { changeUser, isAlike, readUser, readUsers } from './read-presence-user.ts'

/** The users at one resource, as known from the events of its channel. */
export interface PresenceState extends KnownUsers {
  /** Offset of the last `presence:sync`; `undefined` before the first. */
  readonly since: number | undefined
  /** Events that arrived before the first `presence:sync`. */
  readonly waiting: readonly EventFrame[]
}

/** Maximum number of events buffered until the first `presence:sync`. */
const MOST_WAITING = 1_000

/** The state before the first `presence:sync`. */
export const unknownPresence: PresenceState = {
  users: new Map(),
  stale: false,
  since: undefined,
  waiting: [],
}

/**
 * Returns the state after an event, and the changes. A pure function.
 *
 * A `presence:sync` carries the whole list; events before the first one are buffered.
 *
 * @param at the present offset of the channel, for a sync without an offset
 * @param now milliseconds since the Unix epoch
 */
export function foldPresence(
  state: PresenceState,
  event: EventFrame,
  at: number,
  now: number,
): { readonly state: PresenceState; readonly changes: readonly PresenceChange[] } {
  const { since, waiting } = state
  const { type, payload } = event
  if (type === 'presence:sync') {
    const { users: list = payload } = asFields(payload)
    const syncOffset = event.offset ?? at
    const listed = { users: readUsers(list, now), stale: false }
    const known = applyAll(listed, waiting, syncOffset, now)
    // The first list is the initial state, not a list of users who joined.
    const changes = since === undefined ? [] : compare(state.users, known.users)
    return { state: { ...known, since: syncOffset, waiting: [] }, changes }
  }
  if (since === undefined) {
    const kept = [...waiting.slice(1 - MOST_WAITING), event]
    return { state: { ...state, waiting: kept }, changes: [] }
  }
  const known = applyAll(state, [event], since, now)
  return { state: { ...state, ...known }, changes: compare(state.users, known.users) }
}

/** Returns the users after the events since an offset; those without an offset are applied too. */
function applyAll(
  before: KnownUsers,
  events: readonly EventFrame[],
  since: number,
  now: number,
): KnownUsers {
  return events
    .filter(({ offset = Number.POSITIVE_INFINITY }) => offset > since)
    .reduce((known, event) => apply(known, event, now), before)
}

/** Returns the users after one has joined, changed, left, or given a sign of life. */
function apply(known: KnownUsers, { type, payload, offset }: EventFrame, now: number): KnownUsers {
  const fields = asFields(payload)
  const read = readUser(fields.user ?? payload, now)
  if (!read) return known
  const { id, lastSeen } = read
  const former = known.users.get(id)
  const users = new Map(known.users)
  const isUpdate = type === 'presence:update'
  if (isUpdate || type === 'presence:join') {
    const isChange = fields.device !== undefined || fields.gone !== undefined
    // The server may have withheld an event from this client, so the next event does not contain
    // that event's change.
    const follows = former && (offset === undefined || former.at === fields.after)
    if (isUpdate && isChange && !follows) return { users, stale: true }
    const devices = isUpdate ? (former?.devices ?? []) : []
    users.set(id, isChange ? changeUser({ ...read, devices, at: offset }, fields, now) : read)
  } else if (type === 'presence:leave') users.delete(id)
  else if (type === 'presence:heartbeat' && former) {
    users.set(id, Object.freeze({ ...former, lastSeen }))
  }
  return { ...known, users }
}

function compare(
  before: ReadonlyMap<string, PresenceUser>,
  after: ReadonlyMap<string, PresenceUser>,
): readonly PresenceChange[] {
  const changes: PresenceChange[] = []
  for (const user of after.values()) {
    const former = before.get(user.id)
    if (former === user) continue
    if (!former) changes.push({ kind: 'joined', user })
    else if (!isAlike(former, user)) changes.push({ kind: 'updated', user })
    else if (former.lastSeen !== user.lastSeen) changes.push({ kind: 'seen', user })
  }
  for (const user of before.values()) if (!after.has(user.id)) changes.push({ kind: 'left', user })
  return changes
}

/** A change of one user. */
export interface PresenceChange {
  /** `seen`: only `lastSeen` changed. */
  readonly kind: 'joined' | 'updated' | 'left' | 'seen'
  /** The user after the change; of one who left, the user before it. */
  readonly user: PresenceUser
}

interface KnownUsers {
  readonly users: ReadonlyMap<string, PresenceUser>
  /** Whether a change could not be applied since the last `presence:sync`, so that one is needed. */
  readonly stale: boolean
}
