import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'

/** A member of a presence channel, as `PresenceManager` reads it. */
export interface Member {
  readonly id: string | undefined
  readonly name: unknown
  readonly meta: unknown
}

/** Returns a member; its name is that of its data, and its id may be a number. */
export function readMember(id: unknown, meta: unknown): Member {
  return { id: asString(id) ?? asNumber(id)?.toString(), name: asFields(meta).name, meta }
}

/** Returns the members of a presence channel, by id; the hash lacks those without data. */
export function readMembers({ ids, hash }: Fields): Map<unknown, Member> {
  const listed = [ids].flat().map((id) => [id] as const)
  const members = [...listed, ...Object.entries(asFields(hash))].map(([id, meta]) =>
    readMember(id, meta),
  )
  return new Map(members.map((member) => [member.id, member]))
}
