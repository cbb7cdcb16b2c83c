import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { Access } from '../access/access.ts'
import type { Identity } from '../access/hooks.ts'
import { rateLimited, refusal } from '../access/refusals.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { Rate, RateStore } from '../broker/rate-store.ts'

/**
 * Asks the application for the user of a connection. Rate-limits failures per address, to slow down
 * the guessing of tokens. Never rejects.
 *
 * @returns the identity, or the refusal
 */
export async function authenticate(
  deps: AuthenticateDeps,
  { headers, url, address }: UpgradeRequest,
  token: string | undefined,
): Promise<Identity | Refusal> {
  const waitMs = await failures(deps, address, 0)
  if (waitMs > 0) return rateLimited(waitMs)
  const identity = await deps.access.authenticate({ headers, url, token })
  const { expiresAt } = identity ?? {}
  const expired = expiresAt !== undefined && expiresAt <= deps.clock.wall()
  if (identity && !expired) return identity
  await failures(deps, address, 1)
  return refusal('not-authenticated')
}

/** The dependencies of {@link authenticate}. */
export interface AuthenticateDeps {
  readonly access: Access
  /** Counts the failures of an address. */
  readonly rates: RateStore
  readonly clock: Clock
  /** Failures per minute that an address may have. */
  readonly failuresPerMinute: number
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}

/** Counts failures; returns the time until another attempt is allowed, in milliseconds. */
async function failures(
  { rates, failuresPerMinute: most, report }: AuthenticateDeps,
  address: string | undefined,
  count: number,
): Promise<number> {
  if (address === undefined || !Number.isFinite(most)) return 0
  const rate: Rate = { perSecond: most / 60, burst: most }
  try {
    return await rates.take(`auth-failures:${address}`, count, rate)
  } catch (error) {
    report(error)
    return 0
  }
}
