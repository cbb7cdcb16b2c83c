import { createStore, isWirefoldError } from 'wirefold'

/** The message for the person of this window; empty if there is none. */
export const notice = createStore('')

/** Shows what failed, and why. */
export function note(what: string, error: unknown): void {
  notice.set(`${what}: ${reason(error)}.`)
}

/** Returns the message of a refusal, or of the error itself. */
function reason(error: unknown): string {
  const refusal = isWirefoldError(error) ? error.detail : undefined
  const message = refusal && 'message' in refusal ? refusal.message : undefined
  return String(message ?? (error instanceof Error ? error.message : error)).replace(/\.$/, '')
}
