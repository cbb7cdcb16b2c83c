import type { WirefoldError } from '../base/errors.ts'
import type { CloseInfo } from './transport.ts'

/** Whether there is a connection, with what belongs to each state. Times are the clock's `now()`. */
export type ConnectionState =
  /** Nobody has needed a connection yet. */
  | { readonly name: 'idle' }
  /**
   * Credentials are being fetched (`authorizing`), a socket is being opened (`dialing`), or is open
   * and waits for its welcome (`greeting`).
   */
  | {
      readonly name: 'connecting'
      readonly phase: 'authorizing' | 'dialing' | 'greeting'
      /** How many attempts in a row have failed before this one. */
      readonly attempt: number
      /** Whether the last credentials were refused: these are the second chance. */
      readonly denied: boolean
    }
  /** Welcomed: everything works. */
  | { readonly name: 'open'; readonly since: number; readonly attempt: number }
  /** The connection was lost and will be tried again at `retryAt`. */
  | {
      readonly name: 'waiting'
      readonly attempt: number
      readonly denied: boolean
      readonly retryAt: number
      readonly reason: CloseInfo
    }
  /** There is no network, or the page is put away; no attempts are spent on that. */
  | {
      readonly name: 'offline'
      readonly attempt: number
      readonly denied: boolean
      readonly reason: CloseInfo
    }
  /** Closed by our own `close()`. */
  | { readonly name: 'closed' }
  /** Given up; only `connect()` tries again. */
  | { readonly name: 'failed'; readonly error: WirefoldError }
