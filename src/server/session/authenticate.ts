import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { Access, HookFailure } from '../access/access.ts'
import type { Identity } from '../access/hooks.ts'
import { rateLimited, refusal } from '../access/refusals.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { Rate, RateStore } from '../broker/rate-store.ts'
import type { AuthAttempts } from './auth-attempts.ts'

/**
 * Asks the application for the user of a connection. Limits the attempts of an address, to slow down
 * the guessing of tokens: the address is charged before the application is asked, and gets it back
 * for an attempt that did not fail. Never rejects.
 *
 * @param wanted returns false once the connection is gone
 * @returns the identity, or the refusal
 */
export async function authenticate(
  deps: AuthenticateDeps,
  request: UpgradeRequest,
  token: string | undefined,
  wanted: () => boolean = () => true,
): Promise<Identity | Refusal> {
  const { attempts, failuresPerMinute } = deps
  const { address } = request
  if (address === undefined || !Number.isFinite(failuresPerMinute)) {
    return answered(await identify(deps, request, token))
  }
  const waitMs = await attempts.begin(address, wanted)
  if (waitMs > 0) return rateLimited(waitMs)
  let failed = false
  try {
    const sharedMs = await sharedFailures(deps, address, 0)
    if (sharedMs > 0) return rateLimited(sharedMs)
    const identity = await identify(deps, request, token)
    // A hook may throw because of bad credentials, but is late for another reason.
    failed = identity === undefined || identity === 'threw'
    if (failed) await sharedFailures(deps, address, 1)
    return answered(identity)
  } finally {
    attempts.end(address, failed)
  }
}

/** Returns the identity; `undefined` for bad credentials, or how the application failed to answer. */
async function identify(
  { access, clock }: AuthenticateDeps,
  { headers, url }: UpgradeRequest,
  token: string | undefined,
): Promise<Identity | HookFailure | undefined> {
  const identity = await access.authenticate({ headers, url, token })
  if (typeof identity === 'string') return identity
  const expired = (identity?.expiresAt ?? Number.POSITIVE_INFINITY) <= clock.wall()
  return expired ? undefined : identity
}

/** Returns the identity, or the refusal; without a verdict on the credentials it is retryable. */
function answered(identity: Identity | HookFailure | undefined): Identity | Refusal {
  if (typeof identity === 'object') return identity
  return { ...refusal('not-authenticated'), retryable: identity !== undefined }
}

/** The dependencies of {@link authenticate}. */
export interface AuthenticateDeps {
  readonly access: Access
  /** Limits the attempts of an address on this server. */
  readonly attempts: AuthAttempts
  /** Counts the failures of an address on all servers that share the store. */
  readonly rates: RateStore
  readonly clock: Clock
  /** Failures per minute that an address may have. */
  readonly failuresPerMinute: number
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}

/** Counts failures; returns the time until another attempt is allowed, in milliseconds. */
async function sharedFailures(
  { rates, failuresPerMinute: most, report }: AuthenticateDeps,
  address: string,
  count: number,
): Promise<number> {
  const rate: Rate = { perSecond: most / 60, burst: most }
  try {
    return await rates.take(`auth-failures:${address}`, count, rate)
  } catch (error) {
    report(error)
    return 0
  }
}
