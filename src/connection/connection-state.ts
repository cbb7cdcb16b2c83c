import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDelay } from '../base/backoff.ts'
import { messageOf, WirefoldError } from '../base/errors.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { CloseInfo } from '../ports/transport.ts'
import { retryHint } from './retry-hint.ts'

/*
 * Is there a socket, and if not, when will there be one? Nothing here acts or starts a timer: the
 * shell in connection.ts feeds inputs in and carries the commands out.
 *
 *   idle ──connect/needed──▶ connecting ──welcomed──▶ open
 *                             ▲      │ dropped          │ dropped
 *                        due, │      ▼                  ▼
 *                     connect └── waiting ◀─────────────┘
 *                                  │  ▲ online, wake
 *                          offline ▼  │
 *                  due, connect ◀─ offline ◀──hide── connecting, open, waiting
 *
 *   any ──close──▶ closed        any with a socket ──fatal code, refused, out of attempts──▶ failed
 *   closed, failed ──connect──▶ connecting
 */

/** What can happen to a connection. */
export type ConnectionInput =
  /** The application asks for a connection, now. */
  | { readonly name: 'connect' }
  /**
   * Something wants to be sent: enough to start. A wait is cut short to `retryAt`, if that is given,
   * unless it is not the client's own choice.
   */
  | { readonly name: 'needed'; readonly retryAt?: number | undefined }
  /** The application ends it. */
  | { readonly name: 'close' }
  /** The credentials are there. */
  | { readonly name: 'authorized' }
  /** The socket opened. */
  | { readonly name: 'opened' }
  /** The connection can be used; `judged`: the server has accepted the credentials. */
  | { readonly name: 'welcomed'; readonly now: number; readonly judged: boolean }
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
  /**
   * The platform reports a network, or the page is shown again; `retryAt` is when to try. `redial`:
   * an attempt that is under way was made without a network, and is given up.
   */
  | { readonly name: 'online'; readonly retryAt: number; readonly redial: boolean }
  /** The platform reports that there is no network. */
  | { readonly name: 'offline' }
  /** Somebody looks at us again; `retryAt` is when to try at the latest. */
  | { readonly name: 'wake'; readonly retryAt: number }
  /** The page is put away, and its sockets with it. */
  | { readonly name: 'hide' }

/** What the shell is to do. */
export type ConnectionCommand = 'dial' | 'hangup' | 'wait' | 'cancel-wait'

/** The constants of the decision. */
export interface ConnectionRules {
  readonly backoff: BackoffOptions
  /**
   * Uptime after which an open connection has made up for the failed attempts before it, in
   * milliseconds; see {@link stillFailed}.
   */
  readonly minUptimeMs: number
  /** Close codes after which trying again makes no sense. */
  readonly fatalCloseCodes: readonly number[]
  /** Whether there is somebody to ask for credentials. */
  readonly authorizes: boolean
}

/** The close code for "not authenticated"; see `docs/protocol.md`. */
const NOT_AUTHENTICATED = 4401

/**
 * Time after which a connection shows that its credentials were accepted, in milliseconds, where no
 * answer to a greeting shows it.
 */
const JUDGED_MS = 10_000

const HIDDEN: CloseInfo = { code: 1000, reason: 'the page was put away' }
const REDIALLED: CloseInfo = { code: 1006, reason: 'the attempt was made without a network' }

/**
 * The longest wait between two attempts while the platform reports no network, in milliseconds. The
 * report is a hint: it is wrong behind some VPNs and virtual adapters, so that it only slows attempts.
 */
const OFFLINE_MS = 10_000

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
      if (input.name === 'connect' || input.name === 'needed') return dial(rules)
      if (input.name === 'close') return [{ name: 'closed' }, []]
      return [state, []]

    case 'connecting':
      if (input.name === 'close') return [{ name: 'closed' }, ['hangup']]
      if (input.name === 'hide') return hide(state, 'hangup')
      if (input.name === 'online' && input.redial) {
        return soon({ ...state, reason: REDIALLED }, input, 'hangup')
      }
      if (input.name === 'refused') return [{ name: 'failed', error: input.error }, ['hangup']]
      if (input.name === 'dropped') return afterDrop(state.attempt, state.denied, input, rules)
      if (input.name === 'authorized') return [{ ...state, phase: 'dialing' }, []]
      if (input.name === 'opened') return [{ ...state, phase: 'greeting' }, []]
      if (input.name === 'welcomed') {
        const denied = state.denied && !input.judged
        return [{ name: 'open', since: input.now, attempt: state.attempt, denied }, []]
      }
      return [state, []]

    case 'open':
      if (input.name === 'close') return [{ name: 'closed' }, ['hangup']]
      if (input.name === 'hide') return hide({ ...state, denied: false }, 'hangup')
      if (input.name === 'refused') return [{ name: 'failed', error: input.error }, ['hangup']]
      if (input.name === 'dropped') {
        const uptimeMs = input.now - state.since
        const failed = stillFailed(state.attempt, uptimeMs, rules.minUptimeMs)
        return afterDrop(failed, state.denied && uptimeMs < JUDGED_MS, input, rules)
      }
      return [state, []]

    case 'waiting':
      if (input.name === 'close') return [{ name: 'closed' }, ['cancel-wait']]
      if (input.name === 'due') return dial(rules, state)
      if (input.name === 'connect') return dial(rules, state, 'cancel-wait')
      if (input.name === 'hide') return hide(state, 'cancel-wait')
      if (input.name === 'offline') return [{ ...state, name: 'offline' }, []]
      if (
        input.name === 'online' ||
        input.name === 'wake' ||
        (input.name === 'needed' && isOwnChoice(state.reason, rules))
      ) {
        const { retryAt = state.retryAt } = input
        if (retryAt >= state.retryAt) return [state, []]
        return [{ ...state, retryAt }, ['cancel-wait', 'wait']]
      }
      return [state, []]

    case 'offline':
      if (input.name === 'close') return [{ name: 'closed' }, ['cancel-wait']]
      if (input.name === 'due') return dial(rules, state)
      if (input.name === 'connect') return dial(rules, state, 'cancel-wait')
      if (input.name === 'hide') return hide(state, 'cancel-wait')
      if (input.name === 'online' || input.name === 'wake') return soon(state, input, 'cancel-wait')
      return [state, []]

    case 'closed':
      return input.name === 'connect' ? dial(rules) : [state, []]

    case 'failed':
      if (input.name === 'connect') return dial(rules)
      if (input.name === 'close') return [{ name: 'closed' }, []]
      return [state, []]
  }
}

/** How far the attempts to connect have come. */
interface Attempts {
  readonly attempt: number
  readonly denied: boolean
}

const FIRST: Attempts = { attempt: 0, denied: false }

function dial(
  { authorizes }: ConnectionRules,
  { attempt, denied }: Attempts = FIRST,
  ...before: ConnectionCommand[]
): Transition {
  const phase = authorizes ? 'authorizing' : 'dialing'
  return [{ name: 'connecting', phase, attempt, denied }, [...before, 'dial']]
}

function hide({ attempt, denied }: Attempts, command: ConnectionCommand): Transition {
  return [{ name: 'offline', attempt, denied, retryAt: undefined, reason: HIDDEN }, [command]]
}

/** Tries again as the input says; attempts made without a network are forgotten once there is one. */
function soon(
  { attempt, denied, reason }: Attempts & { readonly reason: CloseInfo },
  { name, retryAt }: Extract<ConnectionInput, { readonly retryAt: number }>,
  before: ConnectionCommand,
): Transition {
  const failed = name === 'online' ? 0 : attempt
  return [{ name: 'waiting', attempt: failed, denied, retryAt, reason }, [before, 'wait']]
}

/**
 * Whether the client itself has chosen when to try again: not where the server has said when, and not
 * where attempts are limited, since these would be used up sooner.
 */
function isOwnChoice(reason: CloseInfo, { backoff }: ConnectionRules): boolean {
  const { floorMs, windowMs } = retryHint(reason)
  return floorMs === 0 && windowMs === undefined && backoff.maxAttempts === Number.POSITIVE_INFINITY
}

/**
 * Returns how many of the failed attempts before a connection still count when it is lost: all of
 * them up to half of `minUptimeMs`, so that a server that opens and closes is left alone for as long
 * as one that refuses; from there on in proportion fewer, and none after `minUptimeMs`.
 */
function stillFailed(failed: number, uptimeMs: number, minUptimeMs: number): number {
  if (uptimeMs >= minUptimeMs) return 0
  return Math.round(failed * Math.min(2 - (2 * uptimeMs) / minUptimeMs, 1))
}

function afterDrop(
  failed: number,
  deniedBefore: boolean,
  input: Extract<ConnectionInput, { name: 'dropped' }>,
  rules: ConnectionRules,
): Transition {
  const { close, now, online, random } = input
  const denied = close.code === NOT_AUTHENTICATED
  if (denied && (deniedBefore || !rules.authorizes)) {
    return [{ name: 'failed', error: gaveUp('the server does not know who we are', close) }, []]
  }
  if (rules.fatalCloseCodes.includes(close.code)) {
    return [{ name: 'failed', error: gaveUp('the server closed it for good', close) }, []]
  }
  if (online && failed >= rules.backoff.maxAttempts) {
    return [{ name: 'failed', error: gaveUp(`${failed + 1} attempts failed`, close) }, []]
  }
  const { floorMs, windowMs } = retryHint(close)
  const spread = windowMs === undefined ? undefined : random * windowMs
  // The first attempt after a loss shows whether the platform is right that there is no network.
  const isSlow = !online && failed > 0
  const backoffMs = isSlow
    ? OFFLINE_MS * (0.5 + random / 2)
    : backoffDelay(failed, rules.backoff, random)
  const retryAt = now + floorMs + (spread ?? backoffMs)
  const name = online ? 'waiting' : 'offline'
  return [{ name, attempt: failed + 1, denied, retryAt, reason: close }, ['wait']]
}

function gaveUp(why: string, { code, reason, cause }: CloseInfo): WirefoldError {
  const said = `${code} ${reason || messageOf(cause)}`.trim()
  return new WirefoldError(
    'failed',
    `The connection gave up: ${why} (close code ${said}). Call connect() to try again.`,
    { reason: reason || why, closeCode: code },
    { cause },
  )
}
