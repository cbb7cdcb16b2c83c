import type { WirefoldError } from '../base/errors.ts'
import type { CloseInfo } from './transport.ts'

/** State of the connection, with the data of each state. Times are the clock's `now()`. */
export type ConnectionState =
  /** No connection has been needed yet. */
  | { readonly name: 'idle' }
  /**
   * Credentials are being fetched (`authorizing`), a socket is being opened (`dialing`), or is open
   * and the welcome is awaited (`greeting`).
   */
  | {
      readonly name: 'connecting'
      readonly phase: 'authorizing' | 'dialing' | 'greeting'
      /** Number of failed attempts in a row before this one. */
      readonly attempt: number
      /** Whether the last credentials were refused, and this is the second try with new ones. */
      readonly denied: boolean
    }
  /**
   * The server has welcomed the client; where the backend sends no welcome, the socket is open.
   */
  | {
      readonly name: 'open'
      /** Time at which the connection opened, in milliseconds, by the clock's `now()`. */
      readonly since: number
      /** Number of failed attempts in a row before this connection. */
      readonly attempt: number
      /** Whether the last credentials were refused, and the server has not judged the new ones. */
      readonly denied: boolean
    }
  /** The connection was lost; the next attempt is at `retryAt`. */
  | {
      readonly name: 'waiting'
      /** Number of failed attempts in a row. */
      readonly attempt: number
      /** Whether the last credentials were refused. */
      readonly denied: boolean
      /** Time at which the next attempt begins, in milliseconds, by the clock's `now()`. */
      readonly retryAt: number
      /** The end of the last connection or attempt. */
      readonly reason: CloseInfo
    }
  /**
   * The platform reports that there is no network: attempts are made, at least every 10 s, since the
   * report may be wrong. Or the page is hidden for good or cached (`pagehide`): then `retryAt` is
   * `undefined`, and no attempts are made.
   */
  | {
      readonly name: 'offline'
      /** Number of failed attempts in a row. */
      readonly attempt: number
      /** Whether the last credentials were refused. */
      readonly denied: boolean
      /**
       * Time at which the next attempt begins, in milliseconds, by the clock's `now()`; `undefined` while
       * none is made.
       */
      readonly retryAt: number | undefined
      /** The end of the last connection or attempt. */
      readonly reason: CloseInfo
    }
  /** Closed by `close()` of the client. */
  | { readonly name: 'closed' }
  /** The client stopped reconnecting; only `connect()` tries again. */
  | { readonly name: 'failed'; readonly error: WirefoldError }
