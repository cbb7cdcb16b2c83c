import type { Refusal } from '../../base/errors.ts'
import type { Identity, User } from '../access/hooks.ts'
import type { RefusalCode } from '../access/refusals.ts'
import { refusal } from '../access/refusals.ts'
import type { MountSession } from './mount.ts'
import type { TrackedSession } from './tracked-session.ts'

/** The sessions of a server, indexed by session, connection id, address and user id. */
export class SessionRegistry {
  readonly #maxPerUser: number
  readonly #arrived: (session: MountSession) => void
  readonly #bySession = new Map<MountSession, TrackedSession>()
  readonly #byId = new Map<string, TrackedSession>()
  readonly #addresses = new Map<string, number>()
  readonly #byUser = new Map<string, Set<MountSession>>()
  readonly #users = new Map<MountSession, string>()
  readonly #checks = new Set<CredentialCheck>()
  #emptied: (() => void)[] = []

  /** @param arrived called for every session once its user is authenticated */
  constructor(maxPerUser: number, arrived: (session: MountSession) => void) {
    this.#maxPerUser = maxPerUser
    this.#arrived = arrived
  }

  /** The number of sessions with an open socket. */
  get size(): number {
    return this.#bySession.size
  }

  /** The number of users with a session. */
  get users(): number {
    return this.#byUser.size
  }

  /** Returns a copy of the list of sessions. */
  list(): readonly TrackedSession[] {
    return [...this.#bySession.values()]
  }

  /** Returns the entry of a session. */
  of(session: MountSession): TrackedSession | undefined {
    return this.#bySession.get(session)
  }

  /** Returns the session of a connection id. */
  byId(id: string): TrackedSession | undefined {
    return this.#byId.get(id)
  }

  /** Returns a copy of the list of a user's sessions. */
  byUser(userId: string): readonly MountSession[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  /** Returns the number of sessions and held connections that count for an address. */
  from(address: string): number {
    return this.#addresses.get(address) ?? 0
  }

  /** Counts a connection for an address until the returned function is called. */
  hold(address: string | undefined): () => void {
    this.#count(address, 1)
    return () => this.#count(address, -1)
  }

  /**
   * Runs a check of credentials. If {@link disconnectUser} is called for its user meanwhile, that
   * overrides its result.
   */
  async checked(check: () => Promise<Identity | Refusal>): Promise<Identity | Refusal> {
    const running: CredentialCheck = { ended: undefined }
    this.#checks.add(running)
    try {
      const result = await check()
      const code = 'code' in result ? undefined : running.ended?.get(result.user?.id ?? '')
      return code ? refusal(code) : result
    } finally {
      this.#checks.delete(running)
    }
  }

  /** Ends all sessions of a user, and those whose credentials turn out to be of that user. */
  disconnectUser(userId: string, code: number, reason: string): void {
    const refused = code === 4403 ? 'forbidden' : 'not-authenticated'
    for (const check of this.#checks) {
      check.ended ??= new Map()
      check.ended.set(userId, refused)
    }
    for (const session of this.byUser(userId)) this.of(session)?.disconnect(code, reason)
  }

  /** Adds a session with its socket. */
  add(tracked: TrackedSession): void {
    const { session, id, address } = tracked
    this.#bySession.set(session, tracked)
    this.#byId.set(id, tracked)
    this.#count(address, 1)
  }

  /**
   * Registers a session under its user, once that is authenticated.
   *
   * @returns false if the user has reached the limit of sessions
   */
  admit(session: MountSession, user: User | null): boolean {
    const sessions = this.#byUser.get(user?.id ?? '') ?? new Set()
    if (user && sessions.size >= this.#maxPerUser) return false
    if (user) {
      this.#byUser.set(user.id, sessions.add(session))
      this.#users.set(session, user.id)
    }
    this.#arrived(session)
    return true
  }

  /** Undoes {@link admit}; does nothing for a session that was not admitted. */
  leave(session: MountSession): void {
    const userId = this.#users.get(session)
    if (userId === undefined) return
    this.#users.delete(session)
    const sessions = this.#byUser.get(userId)
    sessions?.delete(session)
    if (!sessions?.size) this.#byUser.delete(userId)
  }

  /** Removes a session whose socket is closed. */
  remove(tracked: TrackedSession): void {
    const { session, id, address } = tracked
    this.#bySession.delete(session)
    if (this.#byId.get(id) === tracked) this.#byId.delete(id)
    this.#count(address, -1)
    if (this.size) return
    for (const resolve of this.#emptied) resolve()
    this.#emptied = []
  }

  /** Resolves once no session has an open socket. */
  emptied(): Promise<void> {
    if (!this.size) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  #count(address: string | undefined, change: 1 | -1): void {
    if (address === undefined) return
    const count = this.from(address) + change
    if (count) this.#addresses.set(address, count)
    else this.#addresses.delete(address)
  }
}

/** A running check of credentials. */
interface CredentialCheck {
  /** The users that were disconnected meanwhile, if there are any. */
  ended: Map<string, RefusalCode> | undefined
}
