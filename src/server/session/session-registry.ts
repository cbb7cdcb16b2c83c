import type { User } from '../access/hooks.ts'
import type { MountSession } from './mount.ts'
import type { TrackedSession } from './tracked-session.ts'

/** The sessions of a server: by session, by id of the connection, by address, and by user. */
export class SessionRegistry {
  readonly #mostPerUser: number
  readonly #arrived: (session: MountSession) => void
  readonly #bySession = new Map<MountSession, TrackedSession>()
  readonly #byId = new Map<string, TrackedSession>()
  readonly #addresses = new Map<string, number>()
  readonly #byUser = new Map<string, Set<MountSession>>()
  readonly #users = new Map<MountSession, string>()
  #emptied: (() => void)[] = []

  /** @param arrived called for every session whose user is known */
  constructor(mostPerUser: number, arrived: (session: MountSession) => void) {
    this.#mostPerUser = mostPerUser
    this.#arrived = arrived
  }

  /** How many sessions have a socket. */
  get size(): number {
    return this.#bySession.size
  }

  /** How many users have a session. */
  get users(): number {
    return this.#byUser.size
  }

  /** The sessions of this moment. */
  list(): readonly TrackedSession[] {
    return [...this.#bySession.values()]
  }

  /** The socket of a session. */
  of(session: MountSession): TrackedSession | undefined {
    return this.#bySession.get(session)
  }

  /** The session of a connection. */
  byId(id: string): TrackedSession | undefined {
    return this.#byId.get(id)
  }

  /** The sessions of a user at this moment. */
  byUser(userId: string): readonly MountSession[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  /** How many sessions count for an address. */
  from(address: string): number {
    return this.#addresses.get(address) ?? 0
  }

  /** Adds a session with its socket. */
  add(tracked: TrackedSession): void {
    const { session, id, address } = tracked
    this.#bySession.set(session, tracked)
    this.#byId.set(id, tracked)
    if (address !== undefined) this.#addresses.set(address, this.from(address) + 1)
  }

  /**
   * Counts a session for its user, which is known from now on.
   *
   * @returns false where the user has too many sessions
   */
  admit(session: MountSession, user: User | null): boolean {
    const sessions = this.#byUser.get(user?.id ?? '') ?? new Set()
    if (user && sessions.size >= this.#mostPerUser) return false
    if (user) {
      this.#byUser.set(user.id, sessions.add(session))
      this.#users.set(session, user.id)
    }
    this.#arrived(session)
    return true
  }

  /** Ends what {@link admit} began; does nothing for a session that was not admitted. */
  leave(session: MountSession): void {
    const userId = this.#users.get(session)
    if (userId === undefined) return
    this.#users.delete(session)
    const sessions = this.#byUser.get(userId)
    sessions?.delete(session)
    if (!sessions?.size) this.#byUser.delete(userId)
  }

  /** Removes a session whose socket is gone. */
  remove(tracked: TrackedSession): void {
    const { session, id, address } = tracked
    this.#bySession.delete(session)
    if (this.#byId.get(id) === tracked) this.#byId.delete(id)
    if (address !== undefined) {
      const left = this.from(address) - 1
      if (left) this.#addresses.set(address, left)
      else this.#addresses.delete(address)
    }
    if (this.size) return
    for (const resolve of this.#emptied) resolve()
    this.#emptied = []
  }

  /** Resolves once no session has a socket. */
  emptied(): Promise<void> {
    if (!this.size) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }
}
