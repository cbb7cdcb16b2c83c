import { asFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import { comparable, readUser, readUsers } from './read-presence-user.ts'

/** Maximum number of events buffered until the first `presence:sync`. */
const MOST_WAITING = 1_000

/** The state before the first `presence:sync`. */
export const unknownPresence: PresenceState = { users: new Map(), since: undefined, waiting: [] }

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
    const users = applyAll(readUsers(list, now), waiting, syncOffset, now)
    // The first list is the initial state, not a list of users who joined.
    const changes = since === undefined ? [] : compare(state.users, users)
    return { state: { users, since: syncOffset, waiting: [] }, changes }
  }
  if (since === undefined) {
    const kept = [...waiting.slice(1 - MOST_WAITING), event]
    return { state: { ...state, waiting: kept }, changes: [] }
  }
  const users = applyAll(state.users, [event], since, now)
  return { state: { ...state, users }, changes: compare(state.users, users) }
}

/** Returns the users after the events since an offset; those without an offset are applied too. */
function applyAll(
  before: ReadonlyMap<string, PresenceUser>,
  events: readonly EventFrame[],
  since: number,
  now: number,
): ReadonlyMap<string, PresenceUser> {
  return events
    .filter(({ offset = Number.POSITIVE_INFINITY }) => offset > since)
    .reduce((users, event) => apply(users, event, now), before)
}

/** Returns the users after one has joined, changed, left, or given a sign of life. */
function apply(
  before: ReadonlyMap<string, PresenceUser>,
  { type, payload }: EventFrame,
  now: number,
): ReadonlyMap<string, PresenceUser> {
  const user = readUser(asFields(payload).user ?? payload, now)
  if (!user) return before
  const { id, lastSeen } = user
  const former = before.get(id)
  const users = new Map(before)
  if (type === 'presence:join' || type === 'presence:update') users.set(id, user)
  else if (type === 'presence:leave') users.delete(id)
  else if (type === 'presence:heartbeat' && former) {
    users.set(id, Object.freeze({ ...former, lastSeen }))
  }
  return users
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
    else if (comparable(former) !== comparable(user)) changes.push({ kind: 'updated', user })
    else if (former.lastSeen !== user.lastSeen) changes.push({ kind: 'seen', user })
  }
  for (const user of before.values()) if (!after.has(user.id)) changes.push({ kind: 'left', user })
  return changes
}

/** A change of one user. */
export interface PresenceChange {
  /** `seen`: only `lastSeen` changed. */
  readonly kind: 'joined' | 'updated' | 'left' | 'seen'
  readonly user: PresenceUser
}

/** The users at one resource, as known from the events of its channel. */
export interface PresenceState {
  readonly users: ReadonlyMap<string, PresenceUser>
  /** Offset of the last `presence:sync`; `undefined` before the first. */
  readonly since: number | undefined
  /** Events that arrived before the first `presence:sync`. */
  readonly waiting: readonly EventFrame[]
}
