import { asFields, type Fields } from '../../protocol/fields.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import { eventFrame } from '../../protocol/frame-constructors.ts'

/** Maximum number of diffs buffered until the first state. */
const MOST_WAITING = 1_000

/**
 * The members of one topic, by presence key: the `presence_state` of a join, and the `presence_diff`s
 * since. A member is a user, its metas are the user's devices.
 */
export class Members {
  /** Undefined before the state has arrived. */
  #known: Map<string, Member> | undefined
  /** Diffs that overtook the state. */
  readonly #waiting: unknown[] = []

  /** Takes the whole list; returns the event on the presence channel. */
  list(channel: string, state: unknown): readonly EventFrame[] {
    this.#known = new Map()
    for (const joins of [{ joins: state }, ...this.#waiting.splice(0)]) apply(this.#known, joins)
    return this.listed(channel)
  }

  /** Takes a change; returns an event for each user whom it changes. */
  diff(channel: string, diff: unknown): readonly EventFrame[] {
    const known = this.#known
    if (!known) {
      if (this.#waiting.push(diff) > MOST_WAITING) this.#waiting.shift()
      return []
    }
    return [...apply(known, diff)].map((key) => {
      const member = known.get(key)
      return member
        ? eventFrame(channel, 'presence:join', { payload: { user: userOf(key, member) } })
        : eventFrame(channel, 'presence:leave', { payload: { user: { id: key } } })
    })
  }

  /** Returns the event with the whole list; none before the state has arrived. */
  listed(channel: string): readonly EventFrame[] {
    const known = this.#known
    if (!known) return []
    const users = [...known].map(([key, member]) => userOf(key, member))
    return [eventFrame(channel, 'presence:sync', { payload: { users } })]
  }
}

/** A presence of the backend: its metas, the newest last, and the fields that its server adds. */
interface Member {
  readonly metas: readonly Fields[]
  readonly rest: Fields
}

/** Applies a diff; returns the keys that changed. A meta is recognised by its `phx_ref`. */
function apply(known: Map<string, Member>, diff: unknown): ReadonlySet<string> {
  const changed = new Set<string>()
  const { joins, leaves } = asFields(diff)
  for (const [key, presence] of Object.entries(asFields(joins))) {
    const { metas, ...rest } = asFields(presence)
    const joined = fieldsOf(metas)
    const replaced = joined.flatMap(({ phx_ref, phx_ref_prev }) => [phx_ref, phx_ref_prev])
    known.set(key, { metas: [...without(known.get(key), replaced), ...joined], rest })
    changed.add(key)
  }
  for (const [key, presence] of Object.entries(asFields(leaves))) {
    const member = known.get(key)
    if (!member) continue
    const left = fieldsOf(asFields(presence).metas).map(({ phx_ref }) => phx_ref)
    const metas = without(member, left)
    if (metas.length) known.set(key, { ...member, metas })
    else known.delete(key)
    changed.add(key)
  }
  return changed
}

/** Returns the metas of a member without those of the given refs. */
function without(member: Member | undefined, refs: readonly unknown[]): readonly Fields[] {
  const gone = new Set(refs)
  return member ? member.metas.filter(({ phx_ref }) => !gone.has(phx_ref)) : []
}

/** Returns a member as a user of a presence channel. */
function userOf(id: string, { metas, rest }: Member): Fields {
  const devices = metas.map(({ phx_ref, phx_ref_prev, ...meta }) => ({ id: phx_ref, meta }))
  return { id, meta: { ...rest, ...devices.at(-1)?.meta }, devices }
}

function fieldsOf(list: unknown): readonly Fields[] {
  return Array.isArray(list) ? list.map(asFields) : []
}
