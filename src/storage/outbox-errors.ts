import { WirefoldError } from '../base/errors.ts'
import type { Question } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { StoredRequest } from './outbox-database.ts'

/** What can become of a stored request besides its answer. */
export const faults = {
  /** It could not be put into the database. */
  unstorable: (question: Question, cause: unknown) =>
    new WirefoldError(
      'not-stored',
      `${nameOf(question)} could not be stored, and is not sent. Make room, or ask it as volatile.`,
      { requestId: question.requestId },
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
  late: ({ question, requestId, sentAt }: StoredRequest, timeoutMs: number) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(question)} was not answered in ${timeoutMs} ms. It is stored, and sent until it is; the event "settled" tells what becomes of it.`,
      { requestId, timeoutMs, sent: sentAt !== undefined, stored: true },
    ),
  /** Its time to live is over. */
  expired: ({ question, requestId, createdAt, expiresAt, sentAt }: StoredRequest) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(question)} was not answered in ${expiresAt - createdAt} ms, and is not sent any more.`,
      { requestId, timeoutMs: expiresAt - createdAt, sent: sentAt !== undefined },
    ),
  /** A newer one of its kind waits already. */
  outdated: (question: Question) =>
    new WirefoldError(
      'superseded',
      `${nameOf(question)} was not sent: a newer one waits already.`,
      { requestId: question.requestId },
    ),
  /** It is no longer there as ours. */
  lost: (question: Question) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(question)} is no longer this client's to send: another has taken it over, or it was deleted.`,
      { requestId: question.requestId },
    ),
}
