import type { BackoffOptions } from '../base/backoff.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { DialectFactory } from '../protocol/dialect.ts'
import type { Frame, WelcomeFrame } from '../protocol/frame.ts'
import type { Environment } from './environment.ts'
import type { Link, LinkDeps } from './link.ts'

/** What a connection is made of. */
export interface ConnectionDeps
  extends Omit<LinkDeps, 'dialect' | 'handlers' | 'connectDeadline' | 'patience'> {
  readonly dialect: DialectFactory
  readonly environment: Environment
  readonly backoff: Partial<BackoffOptions>
  /** How long an attempt to connect may take at first, from the dial to the welcome. */
  readonly connectTimeoutMs: number
  readonly minUptimeMs: number
  /** A number in [0, 1). */
  readonly random: () => number
  /** Receives what has no better destination. */
  readonly report: (error: unknown) => void
}

/** What a connection tells, and asks. */
export interface ConnectionHandlers {
  /**
   * Sends the greeting on a socket that has opened.
   *
   * @returns the messages of the greeting; `undefined` if no welcome will come
   */
  greet(link: Link): readonly unknown[] | undefined
  /** What is said now travels with the greeting. */
  opening(): void
  /** It is open; the frame is missing where the backend greets nobody. */
  welcomed(frame: WelcomeFrame | undefined): void
  /** It has moved to another socket, at which everything is to be said anew; answers may still come by the old one. */
  moved(frame: WelcomeFrame | undefined): void
  /** Any frame but the welcome. */
  frame(frame: Frame): void
  /** Whether answers are still due by a socket. */
  isAwaited(link: Link): boolean
  /** A socket that we have moved away from is gone, and the answers that were due by it. */
  drained(link: Link): void
  /** The socket is gone; the state tells what comes next. */
  disconnected(close: CloseInfo): void
  /** It will not come back by itself: closed by us, or failed. */
  ended(error: WirefoldError): void
}
