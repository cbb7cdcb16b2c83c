import type { WirefoldError } from '../base/errors.ts'
import type { OtherNames } from '../base/known-names.ts'
import type { ContractDifference } from '../ports/client-checks.ts'
import type { SettledRequest } from '../ports/outbox-storage.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { NoticeFrame, WelcomeFrame } from '../protocol/frame.ts'

/** The events of a client, named in past tense. */
export interface ClientEvents {
  /** The connection is ready. `undefined` where the backend sends no welcome. */
  opened(welcome: WelcomeFrame | undefined): void
  /** The connection was lost; `client.state` shows whether and when it is retried. */
  dropped(close: CloseInfo): void
  /** The client was closed by `close()`. */
  closed(error: WirefoldError): void
  /**
   * The client has given up; only `connect()` tries again. Without a listener the error is emitted as
   * `error`, unless a promise that is awaited rejects with it.
   */
  failed(error: WirefoldError): void
  /**
   * A stored request was settled whose promise is gone: it has timed out or was aborted, or its
   * page was closed. Without a listener, a failed request is emitted as `error`.
   */
  settled(outcome: SettledRequest): void
  /** A message was ignored on purpose. */
  notice(notice: NoticeFrame): void
  /**
   * The server has another contract, by its fingerprint: it was deployed before or after the client.
   * Once for each fingerprint in a row.
   */
  contract(difference: ContractDifference): void
  /** An error that no caller or handler receives; printed if it has no listener. */
  error(error: unknown): void
}

/** A member for each event, to check names at run time. */
export const clientEventNames: Readonly<Record<keyof ClientEvents, unknown>> = {
  opened: 0,
  dropped: 0,
  closed: 0,
  failed: 0,
  settled: 0,
  notice: 0,
  contract: 0,
  error: 0,
}

/** Events of other libraries. */
export const otherEventNames: OtherNames = [
  [/err/i, 'error'],
  [/disc|lost/i, 'dropped'],
  [/conn|ready/i, 'opened'],
  [/[:.]|mess|data|event/i, 'ChannelSubscriber.subscribe()'],
]
