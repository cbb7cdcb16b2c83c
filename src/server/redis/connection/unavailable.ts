import { isWirefoldError, type WirefoldError } from '../../../base/errors.ts'
import { refuse } from '../../access/refusals.ts'

/** Makes the retryable error for a request that Redis cannot serve at the moment. */
export function unavailable(cause?: unknown): WirefoldError {
  const error = refuse('unavailable', 'The server cannot do this now. Try again later.', {
    retryable: true,
  })
  if (cause !== undefined) error.cause = cause
  return error
}

/** Error replies of a Redis that starts, fails over, or is busy. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED) /

/**
 * Whether a retry may help. Error replies of Redis begin with a code in capitals, and most of them
 * would only be repeated; all other errors are those of the connection.
 */
export function isPassing(error: unknown): boolean {
  // From ScriptRunner: too many calls are in flight, so retries would only add load.
  if (isWirefoldError(error)) return false
  const message = error instanceof Error ? error.message : String(error)
  return PASSING.test(message) || !/^[A-Z]{2,} /.test(message)
}
