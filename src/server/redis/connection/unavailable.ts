import { isWirefoldError, WirefoldError } from '../../../base/errors.ts'
import { refuse } from '../../access/refusals.ts'

/** Makes the retryable error for a request that Redis cannot serve at the moment. */
export function unavailable(cause?: unknown): WirefoldError {
  const error = refuse('unavailable', 'The server cannot do this now. Try again later.', {
    retryable: true,
  })
  if (cause !== undefined) error.cause = cause
  return error
}

/** Makes the error for a call of a broker that was closed. */
export function closed(): WirefoldError {
  return new WirefoldError('closed', 'The broker is closed. Create another one.', {})
}

/** Error replies of a Redis that starts, fails over, or is busy: the command did not run. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED) /

/** Error replies of a Redis that is a replica: its connections lead to the wrong server. */
const DEMOTION = /^(READONLY|MASTERDOWN|UNBLOCKED) /

/**
 * Whether Redis returned an error, so that the command did not run. Error replies begin with a code
 * in capitals; all other errors are those of the connection, and leave that open.
 */
export function isErrorReply(error: unknown): boolean {
  return /^[A-Z]{2,} /.test(messageOf(error))
}

/** Whether an error shows that Redis has become a replica. */
export function isDemotion(error: unknown): boolean {
  return DEMOTION.test(messageOf(error))
}

/** Whether a retry may help; most error replies would only be repeated. */
export function isPassing(error: unknown): boolean {
  // From ScriptRunner: too many calls are in flight, so retries would only add load.
  if (isWirefoldError(error)) return false
  return PASSING.test(messageOf(error)) || !isErrorReply(error)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
