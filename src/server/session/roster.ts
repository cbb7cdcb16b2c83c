import type { User } from '../access/hooks.ts'
import type { MountSession } from './mount.ts'

/** Who is there: the sessions whose user is settled. */
export class Roster {
  readonly #mostPerUser: number
  readonly #arrived: (session: MountSession) => void
  readonly #byUser = new Map<string, Set<MountSession>>()
  readonly #users = new Map<MountSession, string | undefined>()

  /** @param arrived called for every session that comes */
  constructor(mostPerUser: number, arrived: (session: MountSession) => void) {
    this.#mostPerUser = mostPerUser
    this.#arrived = arrived
  }

  /** How many users are there. */
  get users(): number {
    return this.#byUser.size
  }

  /** Whether a session's user is settled. */
  has(session: MountSession): boolean {
    return this.#users.has(session)
  }

  /** The sessions of a user, of this moment. */
  of(userId: string): readonly MountSession[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  /**
   * A session knows whose it is.
   *
   * @returns whether it may stay: a user may have only so many
   */
  join(session: MountSession, user: User | null): boolean {
    const sessions = this.#byUser.get(user?.id ?? '') ?? new Set()
    if (user && sessions.size >= this.#mostPerUser) return false
    if (user) this.#byUser.set(user.id, sessions.add(session))
    this.#users.set(session, user?.id)
    this.#arrived(session)
    return true
  }

  /** A session is over; safe to call for one that never joined. */
  leave(session: MountSession): void {
    const userId = this.#users.get(session)
    this.#users.delete(session)
    if (userId === undefined) return
    const sessions = this.#byUser.get(userId)
    sessions?.delete(session)
    if (!sessions?.size) this.#byUser.delete(userId)
  }
}
