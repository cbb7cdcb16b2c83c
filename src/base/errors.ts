/**
 * Details of wirefold's own errors, by code.
 *
 * A peer may refuse with a code of its own; its detail is then a {@link Refusal}.
 */
export interface ErrorDetails {
  /** An `AbortSignal` fired, or the awaited handle was released. */
  aborted: { readonly channel?: string; readonly requestId?: string }
  /**
   * An event does not fit the client's contract, and no handler got it; `issues` are those of the
   * schema, and may hold values.
   */
  'bad-event': {
    readonly channel: string
    readonly type: string
    readonly offset: number | undefined
    readonly issues: readonly unknown[]
  }
  /** A frame could not be read; `sample` is its first 80 characters. */
  'bad-frame': { readonly reason: string; readonly sample?: string }
  /**
   * A channel name is empty, longer than 256 characters, or has control characters, or the contract
   * has no template for it.
   */
  'bad-channel': { readonly channel: string }
  /** An installed package lacks a needed feature; `needs` names the versions that have it. */
  'bad-dependency': { readonly name: string; readonly needs: string }
  /**
   * An option or argument is missing, unknown, invalid, or given twice; or there is no event of the
   * given name.
   */
  'bad-option': { readonly option: string }
  /**
   * A message cannot be encoded; `cause` is the exception of the codec. Or a server publishes what does
   * not fit its contract; `issues` says why, and may quote the value. Or the server refused a payload
   * that does not; `details` then holds the paths.
   */
  'bad-payload': {
    readonly requestId?: string
    readonly channel?: string
    readonly type?: string
    readonly issues?: readonly ContractIssue[]
    readonly details?: unknown
  }
  /** The reply to a request, which was carried out, does not fit the client's contract. */
  'bad-reply': { readonly type: string; readonly issues: readonly unknown[] }
  /** The URL cannot be opened by the transport, or is not encrypted. */
  'bad-url': { readonly url: string }
  /** The client was closed by its own `close()`. */
  closed: { readonly requestId?: string; readonly channel?: string }
  /** A function of the dialect threw; `cause` is the thrown value. */
  'dialect-failed': {
    readonly dialect: string
    readonly method: 'factory' | 'url' | 'decode' | 'encode' | 'match' | 'channelOf'
  }
  /** The connection was lost before the reply came. */
  disconnected: { readonly requestId: string; readonly sent: boolean }
  /**
   * The client stopped reconnecting: a fatal close code, a refused greeting, or too many attempts.
   */
  failed: { readonly reason: string; readonly closeCode?: number }
  /**
   * A handler, listener, reducer or store of the application threw; `cause` is the thrown value.
   */
  'handler-failed': { readonly where: string }
  /** Another user is signed in now; the request of the former user is not carried out. */
  'identity-changed': { readonly userId: string | undefined }
  /** The environment has no `crypto.getRandomValues`, and ids cannot be made. */
  'no-crypto': Record<never, never>
  /** The environment has no `WebSocket`, and none was injected. */
  'no-websocket': Record<never, never>
  /**
   * Requests cannot be stored, or the named one was not stored and is not sent; `cause` is the
   * error of the storage.
   */
  'not-stored': { readonly requestId?: string }
  /** More requests wait for the connection than the outbox holds; `limit` is their number. */
  'outbox-full': { readonly requestId: string; readonly limit: number }
  /** The server no longer remembers whether it carried out the request. */
  'outcome-unknown': { readonly requestId: string }
  /** A bounded buffer was not read fast enough; `limit` is the number of events that it holds. */
  overflow: { readonly channel: string; readonly limit: number }
  /**
   * The reply did not come within `timeoutMs` milliseconds; `sent`: the request had been sent;
   * `stored`: it is in a stored outbox, and goes on without its promise.
   */
  'request-timeout': {
    readonly requestId: string
    readonly timeoutMs: number
    readonly sent: boolean
    readonly stored?: true
  }
  /** A newer request replaced this one while it waited. */
  superseded: { readonly requestId: string }
  /** A function of the application that fetches a state did not settle within `timeoutMs` milliseconds. */
  timeout: { readonly timeoutMs: number }
  /** A single message is larger than the peer accepts, both sizes in bytes. */
  'too-large': { readonly bytes: number; readonly limit: number }
  /** A fetched state is older than the state known before. */
  stale: { readonly channel: string }
  /** A bound list or record does not read an event whose type reads like that of a change. */
  'unread-event': { readonly channel: string; readonly type: string }
  /** The dialect does not support the operation `what`. */
  unsupported: { readonly dialect: string; readonly what: string }
}

/** A rule of a schema that a value breaks, as the library of the schema reports it. */
export interface ContractIssue {
  /** The library's message, which may contain the value. */
  readonly message: string
  /** The place within the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A peer's machine-readable refusal. */
export interface Refusal {
  /** Kebab-case code, for example `forbidden`. */
  readonly code: string
  /** The peer's message, for people. */
  readonly message: string
  /** Whether a later retry may succeed. */
  readonly retryable: boolean
  /** Minimum wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number
  /** The refused channel, if there is one. */
  readonly channel?: string
  /** Further data of the refusal. */
  readonly details?: unknown
  /** The client's own error where the client could not send the message, and no peer refused it. */
  readonly own?: WirefoldError
}

/** A code that wirefold itself raises. */
export type ErrorCode = keyof ErrorDetails

/** The detail that goes with a code: its own, or a peer's {@link Refusal}. */
export type ErrorDetail<Code extends string> = Code extends ErrorCode ? ErrorDetails[Code] : Refusal

/**
 * The one error class of this package.
 *
 * Its `code` is one of {@link ErrorCode}, or the code a peer refused with. Recognise it with
 * {@link isWirefoldError}, never by `instanceof`: an application that loads both the ESM and the
 * CommonJS build has two classes of this name.
 */
export class WirefoldError<Code extends string = string> extends Error {
  /** Name of the class, also in minified code. */
  override readonly name = 'WirefoldError'
  /** The kind of error, for programs. */
  readonly code: Code
  /** Data of the error; its shape depends on the code. */
  readonly detail: ErrorDetail<Code>

  /** Creates an error with a code, a message for people, and the detail that goes with the code. */
  constructor(
    code: Code,
    message: string,
    detail: ErrorDetail<Code>,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options)
    this.code = code
    this.detail = detail
  }
}

/**
 * Returns whether a value is a {@link WirefoldError}, with the given code if one is passed.
 *
 * @example
 * import { isWirefoldError } from 'wirefold'
 *
 * try {
 *   await client.request('order:cancel', { id: '17' })
 * } catch (error) {
 *   if (isWirefoldError(error, 'request-timeout')) console.log(error.detail.timeoutMs)
 * }
 */
export function isWirefoldError(value: unknown): value is WirefoldError
export function isWirefoldError<Code extends ErrorCode>(
  value: unknown,
  code: Code,
): value is WirefoldError<Code>
export function isWirefoldError(value: unknown, code: string): value is WirefoldError
export function isWirefoldError(value: unknown, code?: string): boolean {
  return (
    value instanceof Error &&
    value.name === 'WirefoldError' &&
    'code' in value &&
    (code === undefined || value.code === code)
  )
}

/** Returns what an error, an error event or a text says; empty if it says nothing. */
export function messageOf(cause: unknown): string {
  if (typeof cause === 'string') return cause
  const says = typeof cause === 'object' && cause !== null && 'message' in cause && cause.message
  return typeof says === 'string' ? says : ''
}

/**
 * Returns the error for an exception. An error of wirefold's own passes unchanged, such as `no-crypto` of a
 * dialect that makes ids.
 *
 * @param what says what happened, as the beginning of a sentence
 */
export function causedBy<Code extends ErrorCode>(
  cause: unknown,
  code: Code,
  what: string,
  detail: ErrorDetail<Code>,
): WirefoldError {
  if (isWirefoldError(cause)) return cause
  return new WirefoldError(code, `${what}: ${messageOf(cause)}. See the cause.`, detail, { cause })
}

/**
 * Returns the error for a function of the application that threw.
 *
 * @param where names the function: "handler of news on note"
 */
export function handlerFailed(where: string, cause: unknown): WirefoldError<'handler-failed'> {
  const message = `The ${where} threw. See the cause.`
  return new WirefoldError('handler-failed', message, { where }, { cause })
}

/**
 * Returns the error for a wrong use of a function: an option or argument that is missing, unknown, of the
 * wrong kind, or given twice.
 *
 * @param option names the option or argument
 */
export function badOption(option: string, message: string): WirefoldError<'bad-option'> {
  return new WirefoldError('bad-option', message, { option })
}

/** Returns the error for an operation that a backend does not support. */
export function unsupported(dialect: string, what: string): WirefoldError<'unsupported'> {
  const message = `The ${dialect} backend does not support ${what}.`
  return new WirefoldError('unsupported', message, { dialect, what })
}

/** Returns an error of the client as the refusal of a message, which no peer has refused. */
export function ownRefusal(own: WirefoldError): Refusal {
  return { code: own.code, message: own.message, retryable: false, own }
}

/** Creates the error for a state of the application that was not fetched in time. */
export function timeoutError(timeoutMs: number): WirefoldError<'timeout'> {
  const message = `The state was not fetched in ${timeoutMs} ms. It is fetched again.`
  return new WirefoldError('timeout', message, { timeoutMs })
}

/**
 * Returns the error for a request that the server refused, or that the client could not send.
 *
 * @param what names the request in the message
 */
export function refusalError(what: string, refusal: Refusal): WirefoldError {
  if (refusal.own) return refusal.own
  return new WirefoldError(
    refusal.code,
    `The server refused ${what}: ${refusal.message || refusal.code}`,
    refusal,
  )
}
