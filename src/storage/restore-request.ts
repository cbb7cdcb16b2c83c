import type { WirefoldError } from '../base/errors.ts'
import type { OutboxHost } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, SendOptions, StorableMutation } from '../ports/outgoing-request.ts'
import { byAge } from './claim-rules.ts'
import type { StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'

/** Maximum length of a stored mutation, in characters of JSON; a longer one is not shown again. */
const MUTATION_CHARS = 65_536

/** Returns the request as stored; throws `not-stored` if it is not plain JSON. */
export function storedRequest(
  outgoing: OutgoingRequest,
  { idempotent, ordering, supersede, ttlMs, mutation }: SendOptions,
  author: Author,
): StoredRequest {
  const { requestId, timestamp } = outgoing
  const expiresAt = timestamp + ttlMs
  const sentAt = undefined
  const rest = { createdAt: timestamp, expiresAt, sentAt, idempotent, ordering, supersede }
  return {
    ...{ requestId, outgoing: plain(outgoing), ...author, ...rest },
    mutation: mutation === true ? undefined : storable(mutation),
  }
}

/** The fields of a stored request that its client adds. */
export interface Author {
  readonly owner: string
  readonly userId: string | undefined
  readonly order: number
}

/** Copies a request, so that later changes of the payload do not change what is sent. */
function plain(outgoing: OutgoingRequest): OutgoingRequest {
  try {
    return JSON.parse(JSON.stringify(outgoing))
  } catch (cause) {
    throw outboxErrors.unstorable(outgoing, cause)
  }
}

/** Copies a mutation; returns `undefined` where it is too long or not plain JSON. */
function storable(mutation: StorableMutation | undefined): StorableMutation | undefined {
  try {
    const text = JSON.stringify(mutation)
    return text.length > MUTATION_CHARS ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Returns the options for sending a request that another client has stored; an error if it must not
 * be sent.
 *
 * @param others requests that this client owns already
 */
export function restoreOptions(
  request: StoredRequest,
  others: readonly StoredRequest[],
  { clock, serverClock }: Pick<OutboxHost, 'clock' | 'serverClock'>,
): SendOptions | WirefoldError {
  const { createdAt, expiresAt, sentAt, serverSentAt: server } = request
  const { idempotent, ordering, supersede } = request
  const now = clock.wall()
  // A clock that was set back to before the request was made prolongs no time to live.
  const leftMs = expiresAt - Math.max(now, createdAt)
  if (leftMs <= 0) return outboxErrors.expired(request)
  const limits = { timeoutMs: leftMs, ttlMs: leftMs, volatile: false, signal: undefined }
  const options = { ...limits, idempotent, ordering, supersede }
  if (sentAt !== undefined) {
    // After the wall clock was set back the age is unknown: treat it as too old to deduplicate.
    const ageMs = sentAt <= now ? now - sentAt : Number.POSITIVE_INFINITY
    const sending = { now: clock.now(), elapsed: serverClock.now() - ageMs, server }
    return { ...options, supersede: undefined, sentAt: sending }
  }
  const isNewer = (other: StoredRequest): boolean =>
    supersede !== undefined && other.supersede === supersede && byAge(other, request) > 0
  if (others.some(isNewer)) return outboxErrors.outdated(request.outgoing)
  return options
}
