import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDelay } from '../base/backoff.ts'
import { causedBy, messageOf, WirefoldError } from '../base/errors.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { Dialect, RetryHint } from '../protocol/dialect.ts'
import { retryHint } from './retry-hint.ts'

/*
 * Decides whether there is a socket, and if not, when the next one is opened. It is pure: the shell in
 * connection.ts feeds inputs in, and opens or closes sockets and timers as the states differ.
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

/** An input of the state machine. */
export type ConnectionInput =
  /** The application asks for a connection, now. */
  | { readonly name: 'connect' }
  /**
   * A message is to be sent, which connects an idle client. A wait is shortened to end at `retryAt`,
   * if that is given and the client itself has chosen the wait.
   */
  | { readonly name: 'needed'; readonly retryAt?: number | undefined }
  /** The application ends it. */
  | { readonly name: 'close' }
  /** The application has returned the credentials. */
  | { readonly name: 'authorized' }
  /** The socket opened. */
  | { readonly name: 'opened' }
  /** The connection can be used; `judged`: the server has accepted the credentials. */
  | { readonly name: 'welcomed'; readonly now: number; readonly judged: boolean }
  /** The socket is gone. `random` in [0, 1) determines the wait that follows. */
  | {
      readonly name: 'dropped'
      readonly now: number
      readonly online: boolean
      readonly random: number
      readonly close: CloseInfo
    }
  /** A retry makes no sense. */
  | { readonly name: 'refused'; readonly error: WirefoldError }
  /** The wait is over. */
  | { readonly name: 'due' }
  /**
   * The platform reports a network, or the page is shown again from its cache; `retryAt` is the time
   * of the next attempt. `redial`: the present attempt was made without a network, and is given up.
   */
  | { readonly name: 'online'; readonly retryAt: number; readonly redial: boolean }
  /** The platform reports that there is no network. */
  | { readonly name: 'offline' }
  /** The page is visible again; `retryAt` is the latest time of the next attempt. */
  | { readonly name: 'wake'; readonly retryAt: number }
  /** The page is hidden for good or cached, which closes its sockets. */
  | { readonly name: 'hide' }

/** The constants of the decision. */
export interface ConnectionRules {
  readonly backoff: BackoffOptions
  /**
   * Uptime after which an open connection has made up for the failed attempts before it, in
   * milliseconds; see {@link stillFailed}.
   */
  readonly minUptimeMs: number
  /** Close codes after which a retry makes no sense. */
  readonly fatalCloseCodes: readonly number[]
  /** Close codes with which the server refuses the credentials. */
  readonly deniedCloseCodes: readonly number[]
  /** The backend's wait after a close code: see {@link Dialect.retryAfter}. */
  readonly retryAfter: Dialect['retryAfter']
  /** Whether the application returns credentials. */
  readonly authorizes: boolean
}

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

/** Whether a state has a socket, or one that is being opened. */
export function hasSocket({ name }: ConnectionState): boolean {
  return name === 'connecting' || name === 'open'
}

/** Returns the time of the next attempt, in the states that have one. */
export function retryTime(state: ConnectionState): number | undefined {
  return 'retryAt' in state ? state.retryAt : undefined
}

/** Returns the state after an input; the same object if the input changes nothing. */
export function transition(
  state: ConnectionState,
  input: ConnectionInput,
  rules: ConnectionRules,
): ConnectionState {
  const isConnecting = state.name === 'connecting'
  const waits = 'retryAt' in state
  switch (input.name) {
    case 'connect':
      return hasSocket(state) ? state : dial(rules, waits ? state : FIRST)

    case 'needed':
      if (state.name === 'idle') return dial(rules, FIRST)
      return state.name === 'waiting' && isOwnChoice(state, rules)
        ? sooner(state, input.retryAt)
        : state

    case 'close':
      return state.name === 'closed' ? state : { name: 'closed' }

    case 'authorized':
      return isConnecting ? { ...state, phase: 'dialing' } : state

    case 'opened':
      return isConnecting ? { ...state, phase: 'greeting' } : state

    case 'welcomed': {
      if (!isConnecting) return state
      const { attempt, denied } = state
      return { name: 'open', since: input.now, attempt, denied: denied && !input.judged }
    }

    case 'dropped': {
      if (isConnecting) return afterDrop(state.attempt, state.denied, input, rules)
      if (state.name !== 'open') return state
      const uptimeMs = input.now - state.since
      const failed = stillFailed(state.attempt, uptimeMs, rules.minUptimeMs)
      return afterDrop(failed, state.denied && uptimeMs < JUDGED_MS, input, rules)
    }

    case 'refused':
      return hasSocket(state) ? { name: 'failed', error: input.error } : state

    case 'due':
      return waits ? dial(rules, state) : state

    case 'online':
      if (isConnecting && input.redial) return again(0, { ...state, reason: REDIALLED }, input)
      // Attempts made without a network are forgotten once there is one.
      return state.name === 'offline' ? again(0, state, input) : sooner(state, input.retryAt)

    case 'wake':
      return state.name === 'offline'
        ? again(state.attempt, state, input)
        : sooner(state, input.retryAt)

    case 'offline':
      return state.name === 'waiting' ? { ...state, name: 'offline' } : state

    case 'hide': {
      if (!('attempt' in state)) return state
      const denied = state.name !== 'open' && state.denied
      return { name: 'offline', attempt: state.attempt, denied, retryAt: undefined, reason: HIDDEN }
    }
  }
}

type Waiting = Extract<ConnectionState, { readonly name: 'waiting' }>

/** Failed attempts in a row, and whether the last credentials were refused. */
interface Attempts {
  readonly attempt: number
  readonly denied: boolean
}

const FIRST: Attempts = { attempt: 0, denied: false }

function dial({ authorizes }: ConnectionRules, { attempt, denied }: Attempts): ConnectionState {
  const phase = authorizes ? 'authorizing' : 'dialing'
  return { name: 'connecting', phase, attempt, denied }
}

/** Sets the time of the next attempt, and the number of failed ones before it. */
function again(
  attempt: number,
  { denied, reason }: { readonly denied: boolean; readonly reason: CloseInfo },
  { retryAt }: { readonly retryAt: number },
): ConnectionState {
  return { name: 'waiting', attempt, denied, retryAt, reason }
}

/** Shortens a wait. */
function sooner(state: ConnectionState, retryAt: number | undefined): ConnectionState {
  return state.name === 'waiting' && retryAt !== undefined && retryAt < state.retryAt
    ? { ...state, retryAt }
    : state
}

/**
 * Whether the client itself has chosen the time of the next attempt: not where the server set it, and
 * not where attempts are limited, since these would be used up sooner.
 */
function isOwnChoice({ reason, attempt }: Waiting, rules: ConnectionRules): boolean {
  const { floorMs, windowMs } = hintOf(reason, attempt - 1, rules)
  const isLimited = rules.backoff.maxRetries < Number.POSITIVE_INFINITY
  return floorMs === 0 && windowMs === undefined && !isLimited
}

/**
 * Returns the wait that the server demands: that of its close, and where this is the first failure that of
 * its close code. After further ones the backoff holds: a server that closes every connection is not
 * dialled at once.
 */
function hintOf(close: CloseInfo, failed: number, { retryAfter }: ConnectionRules): RetryHint {
  return { ...retryHint(close), ...(failed === 0 && retryAfter?.(close.code)) }
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
): ConnectionState {
  const { close, now, online, random } = input
  const denied = rules.deniedCloseCodes.includes(close.code)
  const why =
    denied && (deniedBefore || !rules.authorizes)
      ? 'the credentials were refused'
      : rules.fatalCloseCodes.includes(close.code)
        ? 'the server closed it for good'
        : online && failed >= rules.backoff.maxRetries && `${failed + 1} attempts failed`
  if (why) return { name: 'failed', error: gaveUp(why, close) }
  const { floorMs, windowMs } = hintOf(close, failed, rules)
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
  return { name, attempt: failed + 1, denied, retryAt, reason: close }
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

/** Returns the error for an operation of a client that is closed. */
export function closedError(): WirefoldError {
  const message = 'The client was closed. Call connect() to try again.'
  return new WirefoldError('closed', message, {})
}

/** Returns the error with which a connection fails whose greeting cannot be sent. */
export function noGreeting(cause: unknown): WirefoldError {
  const reason = messageOf(cause)
  return causedBy(cause, 'failed', 'The greeting could not be sent', { reason })
}
