import type { Clock } from '../../base/clock.ts'
import type { Counters } from '../metrics/counters.ts'
import { closeReason, isCloseCode } from '../socket/close-frame.ts'
import type { PlainSocket, Socket, SocketHandlers } from '../socket/socket.ts'
import type { Swept } from './liveness.ts'
import type { ConnectionInfo, MountSession } from './mount.ts'

/**
 * A session with its socket. The session sends through this object, and the socket calls it as its
 * handlers; exceptions of either are reported and never reach the other.
 */
export class TrackedSession implements Socket, SocketHandlers, Swept {
  readonly session: MountSession
  /** The id of the connection. */
  readonly id: string
  readonly address: string | undefined
  /** The time its socket was opened, on the monotonic clock. */
  readonly openedAt: number
  pingedAt: number | undefined
  readonly #deps: TrackedSessionDeps
  readonly #socket: TrackedSocket
  readonly #connectedAt: number
  #seenAt: number
  #arrived = false
  /** State of the socket; nothing is sent unless it is open. */
  #socketState: 'open' | 'closing' | 'closed' = 'open'

  /**
   * Opens the session; if that throws, closes the socket with 1011 and rethrows.
   *
   * @param address the address whose limits the connection counts for
   * @param open opens the session on the socket that it sends through
   */
  constructor(
    deps: TrackedSessionDeps,
    socket: TrackedSocket,
    address: string | undefined,
    open: (socket: Socket) => MountSession,
  ) {
    const { clock } = deps
    this.address = address
    this.openedAt = clock.now()
    this.#deps = deps
    this.#socket = socket
    this.#connectedAt = clock.wall()
    this.#seenAt = this.openedAt
    try {
      this.session = open(this)
      this.id = this.session.info().id
    } catch (error) {
      this.close(1011, 'internal')
      throw error
    }
  }

  /** Whether its user is authenticated. */
  get arrived(): boolean {
    return this.#arrived
  }

  get seenAt(): number {
    return this.session.seenAt ?? this.#seenAt
  }

  /** Returns the present state of the connection. */
  info(): ConnectionInfo {
    const silentMs = this.#deps.clock.now() - this.seenAt
    return {
      ...this.session.info(),
      connectedAt: this.#connectedAt,
      lastHeartbeat: Math.round(this.#deps.clock.wall() - silentMs),
    }
  }

  /** Records that its user is authenticated. */
  arrive(): void {
    this.#arrived = true
  }

  /** Ends the session, then closes the socket; the session ignores messages received until then. */
  disconnect(code: number, reason: string): void {
    this.#try(() => this.session.farewell?.(code))
    this.#try(() => this.session.closed(reason))
    this.close(code, reason)
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    if (this.#socketState !== 'open') return
    try {
      this.#socket.send(text)
      this.#deps.counters.sent++
    } catch (error) {
      this.#deps.report(error)
      this.close(1011, 'internal')
    }
  }

  sendDroppable(text: string): boolean {
    if (this.#socketState !== 'open') return true
    if (!this.#socket.sendDroppable) {
      this.send(text)
      return true
    }
    const taken = this.#socket.sendDroppable(text)
    if (taken) this.#deps.counters.sent++
    return taken
  }

  drained(): Promise<void> | undefined {
    return this.#socket.drained?.()
  }

  ping(): void {
    if (this.#socketState === 'open') this.#try(() => this.#socket.ping?.())
  }

  /** Closes the socket, with 1011 in place of a code or a reason that cannot be sent. */
  close(code: number, reason: string): void {
    if (this.#socketState !== 'open') return
    this.#socketState = 'closing'
    if (code === 1013 && reason === 'too slow') this.#deps.counters.slowCloses++
    try {
      this.#socket.close(isCloseCode(code) ? code : 1011, closeReason(reason))
    } catch (error) {
      this.#deps.report(error)
      this.#forceClosed()
    }
  }

  text(text: string, bytes: number): void {
    this.#seen()
    this.#try(() => this.session.text(text, bytes))
  }

  binary(): void {
    this.#seen()
    this.#try(() => this.session.binary())
  }

  received(bytes: number): void {
    this.#try(() => this.session.received?.(bytes))
  }

  alive(bytes = 0): void {
    this.#seen()
    this.#try(() => this.session.alive?.(bytes))
  }

  slow(): void {
    if (this.#socketState === 'open') this.disconnect(1013, 'too slow')
  }

  closed(byPeer = false): void {
    if (this.#socketState === 'closed') return
    this.#socketState = 'closed'
    this.#try(() => this.#socket.end?.())
    this.#try(() => this.session.closed(undefined, byPeer))
    this.#deps.closed(this)
  }

  /** Closes a socket whose close threw: once more, as its code or reason may be the cause. */
  #forceClosed(): void {
    try {
      this.#socket.close(1011, 'internal')
    } catch {
      // The first error is reported.
    }
    // A socket that cannot be closed reports no end either: the server is done with it.
    this.closed()
  }

  /** Records a sign of life, unless the session records it. */
  #seen(): void {
    if (this.session.seenAt === undefined) this.#seenAt = this.#deps.clock.now()
  }

  #try(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#deps.report(error)
    }
  }
}

/** The socket below a {@link TrackedSession}, with or without an outbound queue. */
type TrackedSocket = PlainSocket & Partial<Socket>

/** The dependencies that the tracked sessions of a server share. */
export interface TrackedSessionDeps {
  readonly clock: Clock
  readonly counters: Counters
  /** Receives the exceptions of the session and of the socket. */
  readonly report: (error: unknown) => void
  /** Called when the socket is closed. */
  readonly closed: (tracked: TrackedSession) => void
}
