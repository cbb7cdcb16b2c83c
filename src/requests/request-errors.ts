import { WirefoldError } from '../base/errors.ts'
import type { OutgoingRequest } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'

/** Errors that reject a request; each says whether it may have been carried out. */
export const requestErrors = {
  aborted: (outgoing: OutgoingRequest, signal: AbortSignal | undefined) =>
    new WirefoldError(
      'aborted',
      `${nameOf(outgoing)} was aborted by its signal.`,
      { requestId: outgoing.requestId },
      { cause: signal?.reason },
    ),
  disconnected: (outgoing: OutgoingRequest, sent: boolean) =>
    new WirefoldError(
      'disconnected',
      sent
        ? `The connection was lost before ${nameOf(outgoing)} was answered; it may have been carried out.`
        : `There is no connection, and ${nameOf(outgoing)} does not wait for one.`,
      { requestId: outgoing.requestId, sent },
    ),
  outcomeUnknown: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(outgoing)} was sent, the connection was lost, and the server no longer remembers its reply; it may have been carried out.`,
      { requestId: outgoing.requestId },
    ),
  outboxFull: (outgoing: OutgoingRequest, limit: number) =>
    new WirefoldError(
      'outbox-full',
      `${nameOf(outgoing)} was not sent: more than ${limit} requests wait for the connection.`,
      { requestId: outgoing.requestId, limit },
    ),
  superseded: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'superseded',
      `${nameOf(outgoing)} was not sent: a newer one took its place.`,
      { requestId: outgoing.requestId },
    ),
  timedOut: (outgoing: OutgoingRequest, timeoutMs: number, sent: boolean) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} timed out: ${sent ? 'no reply came' : 'it could not be sent'} in ${timeoutMs} ms.`,
      { requestId: outgoing.requestId, timeoutMs, sent },
    ),
}
