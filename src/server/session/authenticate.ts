import type { Refusal } from '../../base/errors.ts'
import type { Identity } from '../access/hooks.ts'
import { rateLimited, refusal } from '../access/refusals.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { Rate } from '../broker/rate-store.ts'
import type { ServerCore } from '../server-parts.ts'

/**
 * Asks the application who somebody is. An address that was not believed too often is not asked about
 * for a while: whoever guesses tokens guesses slowly. Never rejects.
 *
 * @returns who it is, or why that is not known
 */
export async function authenticate(
  core: ServerCore,
  { headers, url, address }: UpgradeRequest,
  token: string | undefined,
): Promise<Identity | Refusal> {
  const waitMs = await failures(core, address, 0)
  if (waitMs > 0) return rateLimited(waitMs)
  const identity = await core.access.authenticate({ headers, url, token })
  const { expiresAt } = identity ?? {}
  const expired = expiresAt !== undefined && expiresAt <= core.options.clock.wall()
  if (identity && !expired) return identity
  await failures(core, address, 1)
  return refusal('not-authenticated')
}

/** Counts failures; how long until another one is allowed, in milliseconds. */
async function failures(
  { rates, options, report }: ServerCore,
  address: string | undefined,
  count: number,
): Promise<number> {
  const most = options.limits.perAddress.authFailuresPerMinute
  if (address === undefined || !Number.isFinite(most)) return 0
  const rate: Rate = { perSecond: most / 60, burst: most }
  try {
    return await rates.take(`auth-failures:${address}`, count, rate)
  } catch (error) {
    report(error)
    return 0
  }
}
