import type { ConnectionInfo, Session } from './mount.ts'
import type { Socket, SocketHandlers } from './socket.ts'

/** The sessions of a server and their sockets. A session that throws is reported and hurts nobody. */
export class SessionTable {
  readonly #sockets = new Map<Session, Socket>()
  readonly #report: (error: unknown) => void
  #emptied: (() => void)[] = []

  /** @param report receives what a session threw */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** How many there are. */
  get size(): number {
    return this.#sockets.size
  }

  /** Those of this moment. */
  list(): readonly Session[] {
    return [...this.#sockets.keys()]
  }

  /** What they are at this moment. */
  infos(): readonly ConnectionInfo[] {
    return Array.from(this.#sockets.keys(), (session) => session.info())
  }

  /**
   * Adds a session.
   *
   * @returns what its socket tells
   */
  add(session: Session, socket: Socket): SocketHandlers {
    this.#sockets.set(session, socket)
    return {
      text: (text, bytes) => this.#run(() => session.text(text, bytes)),
      binary: () => this.#run(() => session.binary()),
      alive: () => this.#run(() => session.alive?.()),
      closed: () => this.#closed(session),
    }
  }

  /** Closes a session; it stays in the table until its socket is gone. */
  end(session: Session, code: number, reason: string): void {
    // What arrives while the peer answers the close is not carried out any more.
    this.#run(() => session.closed())
    this.#sockets.get(session)?.close(code, reason)
  }

  /** Resolves once the table is empty. */
  emptied(): Promise<void> {
    if (!this.#sockets.size) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  #closed(session: Session): void {
    this.#run(() => session.closed())
    this.#sockets.delete(session)
    if (this.#sockets.size) return
    for (const resolve of this.#emptied) resolve()
    this.#emptied = []
  }

  #run(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#report(error)
    }
  }
}
