import type { Fields } from '../../src/protocol/fields.ts'

/*
 * Reference implementation of the state of an entity backend and of pending mutations, without the
 * library.
 */

/** A mutation; `reply` is its result so far. */
export interface Done {
  readonly what: 'create' | 'update' | 'delete'
  readonly id?: string
  readonly data?: Fields
  reply?: 'refused' | Fields
}

type Row = Fields
interface Message {
  readonly type: string
  readonly channel?: string
  readonly payload: Record<string, unknown>
}

/** Members and tasks, as of the frames read so far. */
export class LiteralEntities {
  #rows: Row[] = []
  #users: Row[] = []
  /** The mutations in order. */
  readonly done: Done[] = []

  /** Reads a frame. */
  read(frame: Fields): void {
    const { type, channel, payload } = frame as unknown as Message
    if (channel === 'entity:Task' && type.startsWith('entity:')) this.#task(type, payload)
    if (type === 'presence:sync') this.#users = (payload.users as Fields[]).map(userOf)
    if (type === 'presence:join') {
      const user = userOf(payload)
      this.#users = [...this.#users.filter(({ id }) => id !== user.id), user]
    }
    if (type === 'presence:leave') {
      this.#users = this.#users.filter(({ id }) => id !== userOf(payload).id)
    }
  }

  /** Applies the reply to a mutation, or its refusal. */
  answer(done: Done, reply: 'refused' | Fields): void {
    done.reply = reply
    if (reply === 'refused') return
    if (done.what === 'create') this.#rows.push(reply)
    if (done.what === 'update') {
      this.#rows = this.#rows.map((row) => (row.id === done.id ? { ...row, ...reply } : row))
    }
    if (done.what === 'delete') this.#rows = this.#rows.filter(({ id }) => id !== done.id)
  }

  /** The present members. */
  get users(): readonly Row[] {
    return this.#users
  }

  /** The confirmed tasks. */
  get confirmed(): readonly Row[] {
    return this.#rows
  }

  /** The confirmed tasks with pending mutations applied. */
  get shown(): readonly Row[] {
    let rows: Row[] = this.#rows
    for (const { what, id, data, reply } of this.done) {
      if (reply) continue
      const pending = { ...data, _optimistic: true }
      if (what === 'create') rows = [...rows, { ...pending, id: 'temporary' }]
      if (what === 'update')
        rows = rows.map((row) => (row.id === id ? { ...row, ...pending } : row))
      if (what === 'delete') rows = rows.filter((row) => row.id !== id)
    }
    return rows
  }

  #task(type: string, payload: Record<string, unknown>): void {
    const wrapped = 'entityName' in payload
    const row = { id: payload.id, ...((wrapped ? payload.data : payload) as Row) }
    const known = this.#rows.some(({ id }) => id === payload.id)
    if (type === 'entity:created' && !known) this.#rows.push(row)
    if (type === 'entity:updated') {
      const merged = (one: Row): Row => (one.id === payload.id ? { ...one, ...row } : one)
      if (known) this.#rows = this.#rows.map(merged)
      else this.#rows.push(row)
    }
    if (type === 'entity:deleted') this.#rows = this.#rows.filter(({ id }) => id !== payload.id)
  }
}

/** Converts a user from either version of the backend's payloads. */
function userOf(fields: Fields): Row {
  const long = 'userId' in fields
  const lastSeen = long ? Date.parse(String(fields.lastSeen)) : fields.lastSeen
  return {
    id: long ? fields.userId : fields.id,
    name: long ? fields.userName : fields.name,
    lastSeen,
    meta: long ? fields.metadata : fields.meta,
    devices: [],
  }
}

/** Converts a message to the other version of the payloads. */
export function inOtherShape(frame: Fields): Fields {
  const { type, payload } = frame as unknown as Message
  const shorter = ({ userId, userName, lastSeen, metadata }: Fields): Fields => ({
    id: userId,
    name: userName,
    ...(lastSeen === undefined ? {} : { lastSeen: Date.parse(String(lastSeen)) }),
    ...(metadata === undefined ? {} : { meta: metadata }),
  })
  if (type === 'presence:sync') {
    return { ...frame, payload: { users: (payload.users as Fields[]).map(shorter) } }
  }
  if (type === 'presence:join' || type === 'presence:leave') {
    return 'resource' in payload && !('userId' in payload)
      ? frame
      : { ...frame, payload: shorter(payload) }
  }
  if (!type.startsWith('entity:') || !payload) return frame
  if ('entityName' in payload) return { ...frame, payload: payload.data ?? { id: payload.id } }
  const data = payload
  return { ...frame, payload: { id: data.id, entityName: 'Task', data, userId: 'u-jon' } }
}
