/**
 * What each of wirefold's own error codes tells besides its message.
 *
 * A peer may refuse with a code of its own; its detail is then a {@link Refusal}.
 */
export interface ErrorDetails {
  /** An `AbortSignal` fired, or the thing waited for was released. */
  aborted: { readonly channel?: string; readonly requestId?: string }
  /** A frame could not be read; `sample` is its first 80 characters. */
  'bad-frame': { readonly reason: string; readonly sample?: string }
  /** A channel name is empty, longer than 256 characters, or has control characters. */
  'bad-channel': { readonly channel: string }
  /** A package this one works with is missing something; `needs` is the versions that have it. */
  'bad-dependency': { readonly name: string; readonly needs: string }
  /** An option is missing or is none of its values. */
  'bad-option': { readonly option: string }
  /** A payload cannot be encoded; `cause` is what the codec said. */
  'bad-payload': { readonly requestId: string }
  /** The URL cannot be opened as a WebSocket, or would be without TLS. */
  'bad-url': { readonly url: string }
  /** The client was closed by its own `close()`. */
  closed: { readonly requestId?: string; readonly channel?: string }
  /** The connection was lost before the answer came. */
  disconnected: { readonly requestId: string; readonly sent: boolean }
  /** The connection gave up: a fatal close code, a refused greeting, or too many attempts. */
  failed: { readonly reason: string; readonly closeCode?: number }
  /** A handler, listener, reducer or store of the application threw; `cause` is what it threw. */
  'handler-failed': { readonly where: string }
  /** Somebody else is signed in now: what the former user asked for is not carried out. */
  'identity-changed': { readonly userId: string | undefined }
  /** No `WebSocket` is in this environment and none was injected. */
  'no-websocket': Record<never, never>
  /** Requests cannot be stored, or the one named could not and is not sent; `cause` is what the storage said. */
  'not-stored': { readonly requestId?: string }
  /** More requests wait for the connection than the outbox holds. */
  'outbox-full': { readonly requestId: string; readonly limit: number }
  /** Nobody knows whether the request was carried out: the server has lost its memory of it. */
  'outcome-unknown': { readonly requestId: string }
  /** A bounded buffer was not read fast enough. */
  overflow: { readonly channel: string; readonly limit: number }
  /**
   * The answer did not come in time; `sent` tells whether the request had left, and `stored` that it is
   * in a stored outbox, and goes on without its promise.
   */
  'request-timeout': {
    readonly requestId: string
    readonly timeoutMs: number
    readonly sent: boolean
    readonly stored?: true
  }
  /** A newer request took the place of this one while it waited. */
  superseded: { readonly requestId: string }
  /** A single message is larger than the peer accepts. */
  'too-large': { readonly bytes: number; readonly limit: number }
  /** A state was fetched that is older than what was known before. */
  stale: { readonly channel: string }
  /** The dialect has no word for what was asked. */
  unsupported: { readonly dialect: string; readonly what: string }
}

/** A peer's machine-readable "no". */
export interface Refusal {
  /** Kebab-case code, for example `forbidden`. */
  readonly code: string
  /** What the peer says of it, for people. */
  readonly message: string
  /** Whether asking again later may succeed. */
  readonly retryable: boolean
  /** The soonest it makes sense to ask again, in milliseconds from now. */
  readonly retryAfterMs?: number
  /** The channel that was refused, where there is one. */
  readonly channel?: string
  /** Whatever else the peer said. */
  readonly details?: unknown
}

/** The codes wirefold itself raises. */
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
  override readonly name = 'WirefoldError'
  /** What went wrong, for programs. */
  readonly code: Code
  /** The facts that go with the code. */
  readonly detail: ErrorDetail<Code>

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
 * Tells whether a value is a {@link WirefoldError}, and of the given code where one is named.
 *
 * @example
 * catch (error) {
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

/** The error a caller sees when a peer refused what it asked. */
export function refusalError(what: string, refusal: Refusal): WirefoldError {
  return new WirefoldError(
    refusal.code,
    `The server refused ${what}: ${refusal.message || refusal.code}`,
    refusal,
  )
}
