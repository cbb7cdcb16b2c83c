import { asFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import { isSame, readUser, readUsers } from './read-presence-user.ts'

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
    const users = waiting
      .filter(({ offset = Number.POSITIVE_INFINITY }) => offset > syncOffset)
      .reduce((all, one) => apply(all, one, now), readUsers(list, now))
    // The first list is the initial state, not a list of users who joined.
    const changes = since === undefined ? [] : compare(state.users, users)
    return { state: { users, since: syncOffset, waiting: [] }, changes }
  }
  if (since === undefined) {
    return {
      state: { ...state, waiting: [...waiting.slice(1 - MOST_WAITING), event] },
      changes: [],
    }
  }
  const { offset = Number.POSITIVE_INFINITY } = event
  const users = offset > since ? apply(state.users, event, now) : state.users
  if (users === state.users) return { state, changes: [] }
  return { state: { ...state, users }, changes: compare(state.users, users) }
}

/** Returns the users after one has joined, changed, left, or given a sign of life. */
function apply(
  before: ReadonlyMap<string, PresenceUser>,
  { type, payload }: EventFrame,
  now: number,
): ReadonlyMap<string, PresenceUser> {
  const user = readUser(asFields(payload).user ?? payload, now)
  const former = user && before.get(user.id)
  if (!user) return before
  const users = new Map(before)
  if (type === 'presence:join' || type === 'presence:update') users.set(user.id, user)
  else if (!former) return before
  else if (type === 'presence:leave') users.delete(user.id)
  else if (type === 'presence:heartbeat') {
    users.set(user.id, Object.freeze({ ...former, lastSeen: user.lastSeen }))
  } else return before
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
    else if (!isSame(former, user)) changes.push({ kind: 'updated', user })
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
