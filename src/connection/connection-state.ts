import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDelay } from '../base/backoff.ts'
import { WirefoldError } from '../base/errors.ts'
import type { CloseInfo } from '../wire/transport.ts'

/*
 * Is there a socket, and if not, when will there be one? Nothing here acts or starts a timer: the
 * shell in connection.ts feeds inputs in and carries the commands out.
 *
 *   idle ──connect/needed──▶ connecting ──welcomed──▶ open
 *                             ▲      │ dropped          │ dropped
 *                        due, │      ▼                  ▼
 *                     connect └── waiting ◀─────────────┘
 *                                  │  ▲ online
 *                          offline ▼  │
 *                                 offline
 *
 *   any ──close──▶ closed        any with a socket ──fatal code, refused, out of attempts──▶ failed
 *   closed, failed ──connect──▶ connecting
 */

/** Whether there is a connection, with what belongs to each state. Times are the clock's `now()`. */
export type ConnectionState =
  /** Nobody has needed a connection yet. */
  | { readonly name: 'idle' }
  /** A socket is being opened (`dialing`), or is open and waits for its welcome (`greeting`). */
  | {
      readonly name: 'connecting'
      readonly phase: 'dialing' | 'greeting'
      /** How many attempts in a row have failed before this one. */
      readonly attempt: number
    }
  /** Welcomed: everything works. */
  | { readonly name: 'open'; readonly since: number; readonly attempt: number }
  /** The connection was lost and will be tried again at `retryAt`. */
  | {
      readonly name: 'waiting'
      readonly attempt: number
      readonly retryAt: number
      readonly reason: CloseInfo
    }
  /** The platform says there is no network; attempts are not spent on it. */
  | { readonly name: 'offline'; readonly attempt: number; readonly reason: CloseInfo }
  /** Closed by our own `close()`. */
  | { readonly name: 'closed' }
  /** Given up; only `connect()` tries again. */
  | { readonly name: 'failed'; readonly error: WirefoldError }

/** What can happen to a connection. */
export type ConnectionInput =
  /** The application asks for a connection, now. */
  | { readonly name: 'connect' }
  /** Something wants to be sent; enough to start, not to cut a wait short. */
  | { readonly name: 'needed' }
  /** The application ends it. */
  | { readonly name: 'close' }
  /** The socket opened. */
  | { readonly name: 'opened' }
  /** The server knows us. */
  | { readonly name: 'welcomed'; readonly now: number }
  /** The socket is gone. `random` in [0, 1) is the chance in the wait that follows. */
  | {
      readonly name: 'dropped'
      readonly now: number
      readonly online: boolean
      readonly random: number
      readonly close: CloseInfo
    }
  /** Trying again makes no sense. */
  | { readonly name: 'refused'; readonly error: WirefoldError }
  /** The wait is over. */
  | { readonly name: 'due' }
  /** The network is back; `retryAt` is when to try. */
  | { readonly name: 'online'; readonly retryAt: number }
  /** The network is gone. */
  | { readonly name: 'offline' }
  /** Somebody looks at us again; `retryAt` is when to try at the latest. */
  | { readonly name: 'wake'; readonly retryAt: number }

/** What the shell is to do. */
export type ConnectionCommand = 'dial' | 'hangup' | 'wait' | 'cancel-wait'

/** The constants of the decision. */
export interface ConnectionRules {
  readonly backoff: BackoffOptions
  /** An open connection counts as a success once it is this old, in milliseconds. */
  readonly minUptimeMs: number
  /** Close codes after which trying again makes no sense. */
  readonly fatalCloseCodes: readonly number[]
}

/** The next state, and what to do on the way there. */
export type Transition = readonly [ConnectionState, readonly ConnectionCommand[]]

/** Decides what an input does to a connection; a pair that means nothing leaves it as it is. */
export function transition(
  state: ConnectionState,
  input: ConnectionInput,
  rules: ConnectionRules,
): Transition {
  switch (state.name) {
    case 'idle':
      if (input.name === 'connect' || input.name === 'needed') return dial(0)
      if (input.name === 'close') return [{ name: 'closed' }, []]
      return [state, []]

    case 'connecting':
      if (input.name === 'close') return [{ name: 'closed' }, ['hangup']]
      if (input.name === 'refused') return [{ name: 'failed', error: input.error }, ['hangup']]
      if (input.name === 'dropped') return afterDrop(state.attempt, input, rules)
      if (input.name === 'opened') return [{ ...state, phase: 'greeting' }, []]
      if (input.name === 'welcomed') {
        return [{ name: 'open', since: input.now, attempt: state.attempt }, []]
      }
      return [state, []]

    case 'open':
      if (input.name === 'close') return [{ name: 'closed' }, ['hangup']]
      if (input.name === 'refused') return [{ name: 'failed', error: input.error }, ['hangup']]
      if (input.name === 'dropped') {
        // A server that opens and closes at once must not be hammered: its attempts keep counting.
        const lasted = input.now - state.since >= rules.minUptimeMs
        return afterDrop(lasted ? 0 : state.attempt, input, rules)
      }
      return [state, []]

    case 'waiting':
      if (input.name === 'close') return [{ name: 'closed' }, ['cancel-wait']]
      if (input.name === 'due') return dial(state.attempt)
      if (input.name === 'connect') return dial(state.attempt, 'cancel-wait')
      if (input.name === 'offline') {
        const { attempt, reason } = state
        return [{ name: 'offline', attempt, reason }, ['cancel-wait']]
      }
      if (input.name === 'online' || input.name === 'wake') {
        if (input.retryAt >= state.retryAt) return [state, []]
        return [{ ...state, retryAt: input.retryAt }, ['cancel-wait', 'wait']]
      }
      return [state, []]

    case 'offline':
      if (input.name === 'close') return [{ name: 'closed' }, []]
      if (input.name === 'connect') return dial(state.attempt)
      if (input.name === 'online') {
        const { attempt, reason } = state
        return [{ name: 'waiting', attempt, reason, retryAt: input.retryAt }, ['wait']]
      }
      return [state, []]

    case 'closed':
      return input.name === 'connect' ? dial(0) : [state, []]

    case 'failed':
      if (input.name === 'connect') return dial(0)
      if (input.name === 'close') return [{ name: 'closed' }, []]
      return [state, []]
  }
}

function dial(attempt: number, ...before: ConnectionCommand[]): Transition {
  return [{ name: 'connecting', phase: 'dialing', attempt }, [...before, 'dial']]
}

function afterDrop(
  failed: number,
  input: Extract<ConnectionInput, { name: 'dropped' }>,
  rules: ConnectionRules,
): Transition {
  const { close, now, online, random } = input
  if (rules.fatalCloseCodes.includes(close.code)) {
    return [{ name: 'failed', error: gaveUp('the server closed it for good', close) }, []]
  }
  if (!online) return [{ name: 'offline', attempt: failed, reason: close }, []]
  if (failed >= rules.backoff.maxAttempts) {
    return [{ name: 'failed', error: gaveUp(`${failed + 1} attempts failed`, close) }, []]
  }
  const retryAt = now + backoffDelay(failed, rules.backoff, random)
  return [{ name: 'waiting', attempt: failed + 1, retryAt, reason: close }, ['wait']]
}

function gaveUp(why: string, { code, reason, cause }: CloseInfo): WirefoldError {
  const said = reason ? `${code} ${reason}` : `${code}`
  return new WirefoldError(
    'failed',
    `The connection gave up: ${why} (close code ${said}). Call connect() to try again.`,
    { reason: reason || why, closeCode: code },
    { cause },
  )
}
