import type { Clock } from '../../base/clock.ts'
import type { SocketHandlers } from '../socket/socket.ts'
import type { GuardedSocket } from './guarded-socket.ts'
import type { ConnectionInfo, MountSession } from './mount.ts'
import type { Swept } from './stale-sweep.ts'

/** What an {@link TrackedSession} is made of. */
export interface TrackedSessionDeps {
  readonly session: MountSession
  readonly socket: GuardedSocket
  readonly clock: Clock
  /** The address it counts for. */
  readonly address: string | undefined
  /** Receives what the session threw. */
  readonly report: (error: unknown) => void
  /** Called when its socket is gone. */
  readonly closed: (attended: TrackedSession) => void
}

/** A session with its socket. A session that throws is reported and hurts nobody. */
export class TrackedSession implements SocketHandlers, Swept {
  readonly session: MountSession
  /** The id of its connection. */
  readonly id: string
  readonly address: string | undefined
  /** When its socket was opened, on the monotonic clock. */
  readonly openedAt: number
  askedAt: number | undefined
  readonly #deps: TrackedSessionDeps
  readonly #connectedAt: number
  #seenAt: number
  #arrived = false
  #over = false

  constructor(deps: TrackedSessionDeps) {
    const { session, address, clock } = deps
    this.session = session
    this.id = session.info().id
    this.address = address
    this.openedAt = clock.now()
    this.#deps = deps
    this.#connectedAt = clock.wall()
    this.#seenAt = this.openedAt
  }

  /** Whether it was settled who it is. */
  get arrived(): boolean {
    return this.#arrived
  }

  get seenAt(): number {
    return this.#seenAt
  }

  /** What it is at this moment. */
  info(): ConnectionInfo {
    const silentMs = this.#deps.clock.now() - this.#seenAt
    return {
      ...this.session.info(),
      connectedAt: this.#connectedAt,
      lastHeartbeat: this.#deps.clock.wall() - silentMs,
    }
  }

  /** It is settled who it is. */
  arrive(): ConnectionInfo {
    this.#arrived = true
    return this.info()
  }

  /** Closes it; what arrives while the peer answers the close is not carried out any more. */
  close(code: number, reason: string): void {
    this.#run(() => this.session.closed())
    this.#deps.socket.close(code, reason)
  }

  text(text: string, bytes: number): void {
    this.#seen()
    this.#run(() => this.session.text(text, bytes))
  }

  binary(): void {
    this.#seen()
    this.#run(() => this.session.binary())
  }

  alive(): void {
    this.#seen()
    this.#run(() => this.session.alive?.())
  }

  closed(): void {
    if (this.#over) return
    this.#over = true
    this.#deps.socket.closed()
    this.#run(() => this.session.closed())
    this.#deps.closed(this)
  }

  ask(): void {
    this.#deps.socket.ping()
  }

  end(): void {
    this.close(4408, 'silent for too long')
  }

  #seen(): void {
    this.#seenAt = this.#deps.clock.now()
  }

  #run(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#deps.report(error)
    }
  }
}
