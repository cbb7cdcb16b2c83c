import { isWirefoldError, type WirefoldError } from '../../../base/errors.ts'
import { refuse } from '../../access/refusals.ts'

/** The error of whoever asked for something that Redis would have to know: asking later may succeed. */
export function unavailable(cause?: unknown): WirefoldError {
  const error = refuse('unavailable', 'The server cannot do this now. Try again later.', {
    retryable: true,
  })
  if (cause !== undefined) error.cause = cause
  return error
}

/** What Redis answers while it starts, fails over, or is busy. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED) /

/**
 * Whether trying again may help. Redis's own refusals begin with a word in capitals, and would only be
 * repeated; everything else is the connection's.
 */
export function isPassing(error: unknown): boolean {
  // Our own: too much waits as it is.
  if (isWirefoldError(error)) return false
  const message = error instanceof Error ? error.message : String(error)
  return PASSING.test(message) || !/^[A-Z]{2,} /.test(message)
}
