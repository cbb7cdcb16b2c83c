import { createStore, isWirefoldError } from 'wirefold'

/** What the person of this window should know; empty for nothing. */
export const notice = createStore('')

/** Says what did not work, and why. */
export function note(what: string, error: unknown): void {
  notice.set(`${what}: ${reason(error)}.`)
}

/** The words of whoever refused it, where somebody did. */
function reason(error: unknown): string {
  const refusal = isWirefoldError(error) ? error.detail : undefined
  const told = refusal && 'message' in refusal ? refusal.message : undefined
  return String(told ?? (error instanceof Error ? error.message : error)).replace(/\.$/, '')
}
