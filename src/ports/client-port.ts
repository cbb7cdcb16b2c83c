import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { Dialect } from '../protocol/dialect.ts'
import type { Frame, RefusalFrame, ReplyFrame, SubscribedFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import type { ClientChecks } from './client-checks.ts'
import type { ConnectionState } from './connection-state.ts'
import type { RestoredMutation } from './outbox-storage.ts'

/** The port through which extensions use the client. */
export interface ClientPort {
  /** Dialect of the present connection. */
  readonly dialect: Dialect
  /** Clock of the client. */
  readonly clock: Clock
  /** State of the connection. */
  readonly state: Readable<ConnectionState>
  /** The network as the platform reports it, and the events after which it may be another. */
  readonly environment?: PortEnvironment | undefined
  /** Returns a number in [0, 1), for random waits. */
  random(): number
  /**
   * Adds an extension, and calls its `opening()` at once if there is a connection. Throws if
   * another extension has the same `order`.
   */
  join(extension: ClientExtension): () => void
  /** Connects, unless the client already does. */
  wake(): void
  /**
   * Sends a control message. It is never queued; {@link ClientExtension.opening} derives it anew
   * for the next connection.
   *
   * @returns false if there is no connection to send it on
   */
  say(intent: Intent, answered?: OnControlReply): boolean
  /** The mutations of earlier clients whose stored requests this client sends, oldest first. */
  readonly restored?: Readable<readonly RestoredMutation[]> | undefined
  /** The checks of the client's contract, if it has one. */
  readonly checks?: ClientChecks | undefined
  /** Returns the error with which calls reject while the client is `closed` or `failed`. */
  finalError?(): WirefoldError | undefined
  /** Reports an error that has no other destination. */
  report(error: unknown): void
}

/** The part of the platform that extensions use. */
export interface PortEnvironment {
  /** Whether the platform reports a network; true where it reports nothing. */
  readonly online: boolean
  /** Calls `listener` at every event until the returned function is called. */
  follow(listener: (event: string) => void): () => void
}

/** A part of the client above the connection: channels, presence. */
export interface ClientExtension {
  /** Order in which extensions are called: 0 is the checks of a contract, 1 channels, 2 presence. */
  readonly order: number
  /** Number of handlers of the application that it serves. */
  readonly handlers: number
  /** Sends the control messages that go with the greeting, with current positions. */
  opening(): void
  /** Handles a frame; returns true if the frame was for this extension. */
  receive(frame: Frame): boolean
  /** Handles the loss of the connection; messages sent on it get no reply. */
  disconnected(): void
  /** Discards the state of the former user; another user is signed in now. */
  forget(): void
  /**
   * Handles the end of the client, which was closed or failed for good.
   *
   * @returns whether a promise was rejected with the error
   */
  ended(error: WirefoldError): boolean
}

/**
 * Receives the reply to a control message, or `undefined` if none came in time. Not called if the
 * connection is lost before: {@link ClientExtension.disconnected} is.
 *
 * @param channels of a subscribe or unsubscribe that took several messages: those of this reply
 */
export type OnControlReply = (
  answer: ControlReply | undefined,
  channels: readonly string[] | undefined,
) => void

/** A reply to a control message. */
export type ControlReply = ReplyFrame | RefusalFrame | SubscribedFrame
