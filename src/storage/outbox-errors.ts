import { WirefoldError } from '../base/errors.ts'
import type { OutgoingRequest } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { StoredRequest } from './outbox-database.ts'

/** Errors of stored requests. */
export const outboxErrors = {
  /** The request could not be written to the database. */
  unstorable: (outgoing: OutgoingRequest, cause: unknown) =>
    new WirefoldError(
      'not-stored',
      `${nameOf(outgoing)} could not be stored and is not sent. Free storage space, or set \`volatile\`.`,
      { requestId: outgoing.requestId },
      { cause },
    ),
  /** A call to the database failed. */
  failing: (cause: unknown) =>
    new WirefoldError(
      'not-stored',
      'The storage of the outbox failed: unsent requests may be lost with this page.',
      {},
      { cause },
    ),
  /** The promise timed out; the request is still stored and goes on. */
  late: ({ outgoing, requestId, sentAt }: StoredRequest, timeoutMs: number) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} got no reply in ${timeoutMs} ms. It is stored and still sent: listen to "settled".`,
      { requestId, timeoutMs, sent: sentAt !== undefined, stored: true },
    ),
  /** The request's time to live has ended. */
  expired: ({ outgoing, requestId, createdAt, expiresAt, sentAt }: StoredRequest) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} got no reply within its \`ttlMs\` of ${expiresAt - createdAt} and is given up.`,
      { requestId, timeoutMs: expiresAt - createdAt, sent: sentAt !== undefined },
    ),
  /** A newer request with the same `supersede` key is waiting. */
  outdated: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'superseded',
      `${nameOf(outgoing)} was not sent: a newer one with the same \`supersede\` key is waiting.`,
      { requestId: outgoing.requestId },
    ),
  /** Another client has claimed the request, or it was deleted. */
  lost: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(outgoing)} is no longer this client's: another has claimed it, or it was deleted.`,
      { requestId: outgoing.requestId },
    ),
}
