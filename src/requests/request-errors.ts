import type { ErrorCode, ErrorDetail, ErrorDetails } from '../base/errors.ts'
import { causedBy, unsupported, WirefoldError } from '../base/errors.ts'
import type { Link } from '../connection/link.ts'
import type { OutgoingRequest, Ticket } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { Intent } from '../protocol/intent.ts'

/** Sends an intent on a link; returns its messages, or the error for which it was not sent. */
export function say(
  link: Link,
  intent: Intent,
  ticket?: Ticket,
): readonly Outgoing[] | WirefoldError {
  const what = nameOf(intent)
  try {
    const said = link.say(intent, ticket)
    if (said) return said
  } catch (cause) {
    const requestId = 'requestId' in intent ? intent.requestId : ''
    const message = `The codec could not encode ${what}, which has to be plain JSON`
    return causedBy(cause, 'bad-payload', message, { requestId })
  }
  return unsupported(link.dialect.name, what)
}

/** Returns the error for a request whose signal fired. */
export function aborted(outgoing: OutgoingRequest, signal: AbortSignal | undefined): WirefoldError {
  return failed('aborted', outgoing, 'was aborted by its signal.', {}, signal?.reason)
}

/** Returns the error for a request that does not wait for a connection, or was interrupted. */
export function disconnected(outgoing: OutgoingRequest, sent: boolean): WirefoldError {
  const what = sent
    ? 'may have been carried out: the connection was lost before the reply.'
    : 'was not sent: there is no connection.'
  return failed('disconnected', outgoing, what, { sent })
}

/** Returns the error for a request that must not be sent again. */
export function outcomeUnknown(outgoing: OutgoingRequest): WirefoldError {
  const what = 'may have been carried out: the server no longer remembers the reply.'
  return failed('outcome-unknown', outgoing, what, {})
}

/** Returns the error for a request that exceeds the limit of the outbox. */
export function outboxFull(outgoing: OutgoingRequest, limit: number): WirefoldError {
  const what = `was not sent: more than ${limit} requests wait.`
  return failed('outbox-full', outgoing, what, { limit })
}

/** Returns the error for a request that a newer one has replaced. */
export function superseded(outgoing: OutgoingRequest): WirefoldError {
  return failed('superseded', outgoing, 'was not sent: a newer one took its place.', {})
}

/** Returns the error for a request without a reply in its time. */
export function timedOut(
  outgoing: OutgoingRequest,
  timeoutMs: number,
  sent: boolean,
): WirefoldError {
  const what = `timed out: ${sent ? 'no reply came' : 'it could not be sent'} in ${timeoutMs} ms.`
  return failed('request-timeout', outgoing, what, { timeoutMs, sent })
}

function failed<Code extends ErrorCode>(
  code: Code,
  outgoing: OutgoingRequest,
  what: string,
  detail: Omit<ErrorDetails[Code], 'requestId'>,
  cause?: unknown,
): WirefoldError {
  const { requestId } = outgoing
  const message = `${nameOf(outgoing)} ${what}`
  // TypeScript does not join `Omit<…, 'requestId'>` and the id.
  const whole = { requestId, ...detail } as ErrorDetail<Code>
  return new WirefoldError(code, message, whole, { cause })
}
