import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { Dialect } from '../protocol/dialect.ts'
import type { Frame, RefusalFrame, ReplyFrame, SubscribedFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'

/** What control traffic can be answered with. */
export type ControlReply = ReplyFrame | RefusalFrame | SubscribedFrame

/**
 * Hears the answer to something said, or `undefined` where none came in time. Not called at all
 * when the line is cut before: {@link ClientExtension.disconnected} tells that.
 *
 * @param channels of a subscribe or unsubscribe that took several messages: those this answer covers
 */
export type OnControlReply = (
  answer: ControlReply | undefined,
  channels: readonly string[] | undefined,
) => void

/** What a wing sees of the client. */
export interface ClientPort {
  readonly dialect: Dialect
  readonly clock: Clock
  /** A number in [0, 1), for waits. */
  random(): number
  /**
   * Adds a wing, and has it speak at once where there is a line already; two of one rank is a mistake
   * and throws.
   */
  join(extension: ClientExtension): () => void
  /** Connects, if nobody has yet. */
  wake(): void
  /**
   * Says something that is never queued, only derived again by {@link ClientExtension.opening}.
   *
   * @returns false where there is no line to say it on
   */
  say(intent: Intent, answered?: OnControlReply): boolean
  /** Takes an error that has no better destination. */
  report(error: unknown): void
}

/** A part of the client that lives above the connection: channels, presence. */
export interface ClientExtension {
  /** Wings speak in order of rank: 1 subscribes, 2 presence. */
  readonly order: number
  /** How many handlers of the application it serves. */
  readonly handlers: number
  /** What is said here travels with the greeting, with the positions of this moment. */
  opening(): void
  /** Takes a frame; true where it was this wing's. */
  receive(frame: Frame): boolean
  /** The line is gone; nothing said on it will be answered. */
  disconnected(): void
  /** Somebody else is signed in now: what is known from before is not theirs. */
  forget(): void
  /** The client was closed or failed for good. */
  ended(error: WirefoldError): void
}
