import type { WirefoldError } from '../base/errors.ts'
import type { SettledRequest } from '../ports/outbox-storage.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { NoticeFrame, WelcomeFrame } from '../protocol/frame.ts'

/** What a client tells of its life, in past tense. */
export interface ClientEvents {
  /** The server knows us: everything works. `undefined` where the backend greets nobody. */
  opened(welcome: WelcomeFrame | undefined): void
  /** The connection was lost; `client.state` says what comes next. */
  dropped(close: CloseInfo): void
  /** Closed by `close()`. */
  closed(error: WirefoldError): void
  /** Given up; only `connect()` tries again. */
  failed(error: WirefoldError): void
  /**
   * A stored request was settled that nobody waits for any more: its promise is over, or its page. Where
   * nobody listens, one that failed is an `error`.
   */
  settled(outcome: SettledRequest): void
  /** A message was left aside on purpose. */
  notice(notice: NoticeFrame): void
  /** A failure that has no better destination. */
  error(error: unknown): void
}
