import type { MountSession } from './mount.ts'
import type { TrackedSession } from './tracked-session.ts'

/** The sessions of a server with their sockets: by session, by the id of the connection, by address. */
export class SessionRegistry {
  readonly #bySession = new Map<MountSession, TrackedSession>()
  readonly #byId = new Map<string, TrackedSession>()
  readonly #addresses = new Map<string, number>()
  #emptied: (() => void)[] = []

  /** How many there are. */
  get size(): number {
    return this.#bySession.size
  }

  /** Those of this moment. */
  list(): readonly TrackedSession[] {
    return [...this.#bySession.values()]
  }

  /** The one of a session. */
  of(session: MountSession): TrackedSession | undefined {
    return this.#bySession.get(session)
  }

  /** The one of a connection. */
  byId(id: string): TrackedSession | undefined {
    return this.#byId.get(id)
  }

  /** How many count for an address. */
  from(address: string): number {
    return this.#addresses.get(address) ?? 0
  }

  /** Adds one. */
  add(tracked: TrackedSession): void {
    const { session, id, address } = tracked
    this.#bySession.set(session, tracked)
    this.#byId.set(id, tracked)
    if (address !== undefined) this.#addresses.set(address, this.from(address) + 1)
  }

  /** Removes one that is over. */
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

  /** Resolves once the table is empty. */
  emptied(): Promise<void> {
    if (!this.size) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }
}
