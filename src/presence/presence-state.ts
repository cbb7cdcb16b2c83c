import { asFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { PresenceUser } from '../protocol/presence.ts'
import { isSame, readUser, readUsers } from './read-presence-user.ts'

/*
 * Who is at one resource, by the events of its channel. Nothing here acts.
 *
 * A `presence:sync` says it as a whole; until there was one, what happens waits for it.
 */

/** The most changes that wait for the whole. */
const MOST_WAITING = 1_000

/** What is known of a resource. */
export interface PresenceState {
  readonly users: ReadonlyMap<string, PresenceUser>
  /** The place that the whole stood at; `undefined` until there was one. */
  readonly since: number | undefined
  /** What happened before there was one. */
  readonly waiting: readonly EventFrame[]
}

/** What an event has changed. */
export interface PresenceChange {
  /** `seen`: nothing is different but that the user gave a sign of life. */
  readonly kind: 'joined' | 'updated' | 'left' | 'seen'
  readonly user: PresenceUser
}

/** Nothing is known. */
export const unknownPresence: PresenceState = { users: new Map(), since: undefined, waiting: [] }

/**
 * Decides what an event makes of a state.
 *
 * @param at where the channel is by now, for a sync that does not say where it stands
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
    const place = event.offset ?? at
    const users = waiting
      .filter(({ offset = Number.POSITIVE_INFINITY }) => offset > place)
      .reduce((all, one) => apply(all, one, now), readUsers(list, now))
    // At first everybody is there, and nobody has come.
    const changes = since === undefined ? [] : compare(state.users, users)
    return { state: { users, since: place, waiting: [] }, changes }
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

/** The users after one of them has come, changed, gone, or given a sign of life. */
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
    users.set(user.id, { ...former, lastSeen: user.lastSeen })
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
