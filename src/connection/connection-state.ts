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
  const stay: Transition = [state, []]
  const isConnecting = state.name === 'connecting'
  const hasSocket = isConnecting || state.name === 'open'
  const waits = 'retryAt' in state
  const leave: readonly ConnectionCommand[] = hasSocket ? ['hangup'] : waits ? ['cancel-wait'] : []
  switch (input.name) {
    case 'connect':
      return hasSocket ? stay : dial(rules, waits ? state : FIRST, leave)

    case 'needed':
      if (state.name === 'idle') return dial(rules, FIRST, leave)
      return state.name === 'waiting' && isOwnChoice(state.reason, rules)
        ? sooner(state, input.retryAt)
        : stay

    case 'close':
      return state.name === 'closed' ? stay : [{ name: 'closed' }, leave]

    case 'authorized':
      return isConnecting ? [{ ...state, phase: 'dialing' }, []] : stay

    case 'opened':
      return isConnecting ? [{ ...state, phase: 'greeting' }, []] : stay

    case 'welcomed': {
      if (!isConnecting) return stay
      const { attempt, denied } = state
      return [{ name: 'open', since: input.now, attempt, denied: denied && !input.judged }, []]
    }

    case 'dropped': {
      if (isConnecting) return afterDrop(state.attempt, state.denied, input, rules)
      if (!hasSocket) return stay
      const uptimeMs = input.now - state.since
      const failed = stillFailed(state.attempt, uptimeMs, rules.minUptimeMs)
      return afterDrop(failed, state.denied && uptimeMs < JUDGED_MS, input, rules)
    }

    case 'refused':
      return hasSocket ? [{ name: 'failed', error: input.error }, leave] : stay

    case 'due':
      return waits ? dial(rules, state, []) : stay

    case 'online':
      if (isConnecting && input.redial)
        return again(0, { ...state, reason: REDIALLED }, input, leave)
      // Attempts made without a network are forgotten once there is one.
      if (state.name === 'offline') return again(0, state, input, leave)
      return sooner(state, input.retryAt)

    case 'wake':
      if (state.name === 'offline') return again(state.attempt, state, input, leave)
      return sooner(state, input.retryAt)

    case 'offline':
      return state.name === 'waiting' ? [{ ...state, name: 'offline' }, []] : stay

    case 'hide': {
      if (!hasSocket && !waits) return stay
      const denied = state.name !== 'open' && state.denied
      const { attempt } = state
      return [{ name: 'offline', attempt, denied, retryAt: undefined, reason: HIDDEN }, leave]
    }
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
  { attempt, denied }: Attempts,
  leave: readonly ConnectionCommand[],
): Transition {
  const phase = authorizes ? 'authorizing' : 'dialing'
  return [{ name: 'connecting', phase, attempt, denied }, [...leave, 'dial']]
}

/** Tries again at another time, after so many failed attempts. */
function again(
  attempt: number,
  { denied, reason }: { readonly denied: boolean; readonly reason: CloseInfo },
  { retryAt }: { readonly retryAt: number },
  leave: readonly ConnectionCommand[],
): Transition {
  return [{ name: 'waiting', attempt, denied, retryAt, reason }, [...leave, 'wait']]
}

/** Cuts a wait short. */
function sooner(state: ConnectionState, retryAt: number | undefined): Transition {
  return state.name === 'waiting' && retryAt !== undefined && retryAt < state.retryAt
    ? [{ ...state, retryAt }, ['cancel-wait', 'wait']]
    : [state, []]
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
  const why =
    denied && (deniedBefore || !rules.authorizes)
      ? 'the server does not know who we are'
      : rules.fatalCloseCodes.includes(close.code)
        ? 'the server closed it for good'
        : online && failed >= rules.backoff.maxAttempts && `${failed + 1} attempts failed`
  if (why) return [{ name: 'failed', error: gaveUp(why, close) }, []]
  const { floorMs, windowMs } = retryHint(close)
  // The first attempt after a loss shows whether the platform is right that there is no network.
  const isSlow = !online && failed > 0
  const waitMs =
    windowMs !== undefined
      ? random * windowMs
      : isSlow
        ? OFFLINE_MS * (0.5 + random / 2)
        : backoffDelay(failed, rules.backoff, random)
  const retryAt = now + floorMs + waitMs
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
