import { WirefoldError } from '../base/errors.ts'
import type { OutgoingRequest } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { StoredRequest } from './outbox-database.ts'

/** What can become of a stored request besides its answer. */
export const outboxErrors = {
  /** It could not be put into the database. */
  unstorable: (outgoing: OutgoingRequest, cause: unknown) =>
    new WirefoldError(
      'not-stored',
      `${nameOf(outgoing)} could not be stored, and is not sent. Make room, or ask it as volatile.`,
      { requestId: outgoing.requestId },
      { cause },
    ),
  /** The database itself does not work. */
  failing: (cause: unknown) =>
    new WirefoldError(
      'not-stored',
      'The storage of the outbox failed: what waits to be sent may not outlive this page.',
      {},
      { cause },
    ),
  /** Its promise is over, and it is not. */
  late: ({ outgoing, requestId, sentAt }: StoredRequest, timeoutMs: number) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} was not answered in ${timeoutMs} ms. It is stored, and sent until it is; the event "settled" tells what becomes of it.`,
      { requestId, timeoutMs, sent: sentAt !== undefined, stored: true },
    ),
  /** Its time to live is over. */
  expired: ({ outgoing, requestId, createdAt, expiresAt, sentAt }: StoredRequest) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} was not answered in ${expiresAt - createdAt} ms, and is not sent any more.`,
      { requestId, timeoutMs: expiresAt - createdAt, sent: sentAt !== undefined },
    ),
  /** A newer one of its kind waits already. */
  outdated: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'superseded',
      `${nameOf(outgoing)} was not sent: a newer one waits already.`,
      { requestId: outgoing.requestId },
    ),
  /** It is no longer there as ours. */
  lost: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(outgoing)} is no longer this client's to send: another has taken it over, or it was deleted.`,
      { requestId: outgoing.requestId },
    ),
}
